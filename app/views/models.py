"""Models: can I trust it?"""

from voc.app import components, model_sentences, model_views, queries
from voc.i18n import _

TITLE = _("Can I trust it?")
span = components.opened(TITLE)
workspace, reports = queries.workspace(), queries.model_reports()
current = model_views.in_use(reports, workspace.current_model)
if current is None or current.quality is None:
    components.heading(TITLE, model_sentences.unmeasured(current) if current else "")
    (model_views.unmeasured(current) if current else components.no_model())
else:
    components.heading(TITLE, model_sentences.headline(current.quality), *model_views.details(current, workspace))
    if current.quality.tasks:
        model_views.tiles(current.quality)
        model_views.quality(current.quality, workspace)
model_views.drift()
if reports:
    model_views.models(reports, workspace)
model_views.runs(span, workspace)
