"""People: who may use the app?"""

from voc.app import access, components, people_views
from voc.app.access import May
from voc.data.accounts import read_people
from voc.i18n import _

access.require(May.PEOPLE)
people = read_people(access.root())
components.heading(_("Who may use the app?"), people_views.sentence(people))
people_views.said()
people_views.table(people)
people_views.adding()
people_views.changing(people)
