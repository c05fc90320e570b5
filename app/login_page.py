"""The form to sign in with, as one page of HTML without script: it is there before anything of the app is."""

from html import escape
from urllib.parse import quote

from voc import i18n
from voc.app.pages import SIGN
from voc.i18n import _, ngettext

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1a2330; --soft: #4f5b69; --line: #8793a1; --paper: #fff; --back: #f4f6f8;
  --blue: #0b5394; --on-blue: #fff; --edge: #d5dbe3; --wrong: #a33a00; --wrong-back: #fdebdd }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --soft: #aab5c2; --line: #6d7a8a; --paper: #1b222c;
  --back: #11161d; --blue: #2f74b5; --edge: #344050; --wrong: #ff9b61; --wrong-back: #3a2113 } }
* { box-sizing: border-box }
html { height: 100% }
body { margin: 0; min-height: 100%; display: grid; place-items: center; padding: 24px 16px; background: var(--back);
  color: var(--ink); font: 15px/1.5 "Source Sans 3", system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main { width: 100%; max-width: 384px; padding: 36px 36px 32px; background: var(--paper); border: 1px solid var(--edge);
  border-radius: 14px; box-shadow: 0 12px 40px rgb(10 25 45 / .08) }
svg { display: block; margin-bottom: 20px }
h1 { margin: 0; font-size: 25px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em }
p { margin: 6px 0 24px; color: var(--soft); overflow-wrap: anywhere }
label { display: block; margin: 0 0 5px; font-weight: 600; font-size: 14px }
input { width: 100%; height: 44px; margin: 0 0 18px; padding: 0 12px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--paper); color: inherit; font: inherit; font-size: 16px }
button { width: 100%; height: 46px; margin-top: 6px; border: 0; border-radius: 8px; background: var(--blue);
  color: var(--on-blue); font: inherit; font-size: 16px; font-weight: 600; cursor: pointer }
button:hover { filter: brightness(1.1) }
input:focus-visible, button:focus-visible { outline: 3px solid color-mix(in srgb, var(--blue) 55%, transparent);
  outline-offset: 2px }
[role=alert] { margin: 0 0 20px; padding: 10px 12px; border-radius: 8px; background: var(--wrong-back);
  color: var(--wrong); font-weight: 600 }
@media (max-width: 440px) { body { place-items: start stretch } main { padding: 28px 22px } }
"""


def form(target: str, company: str, name: str = "", wrong: str = "") -> str:
    """The page. `target` is where somebody goes from here, `company` whose app it is, `wrong` what was wrong with the
    last attempt."""
    alert = f'<div role="alert">{escape(wrong)}</div>' if wrong else ""
    first, second = ("", " autofocus") if name else (" autofocus", "")
    title, named, secret = escape(_("Sign in")), escape(_("Name")), escape(_("Password"))
    return (
        f'<!doctype html>\n<html lang="{escape(i18n.current())}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · voc</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<svg width="44" height="44" viewBox="0 0 32 32" aria-hidden="true">{SIGN}</svg>\n'
        f"<h1>{title}</h1>\n<p>{escape(company)}</p>\n{alert}"
        f'<form method="post" action="?next={quote(target)}">\n'
        f'<label for="name">{named}</label>\n'
        f'<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" '
        f'maxlength="64" required value="{escape(name[:64])}"{first}>\n'
        f'<label for="password">{secret}</label>\n'
        f'<input id="password" name="password" type="password" autocomplete="current-password" '
        f'maxlength="1024" required{second}>\n'
        f'<button type="submit">{title}</button>\n</form>\n</main>\n</body>\n</html>\n'
    )


def wrong() -> str:
    """The name or the password is not right; which of them is not said."""
    return _("Name or password is wrong.")


def wait(seconds: float) -> str:
    """Too many attempts."""
    number = max(1, round(seconds + 0.5))
    return ngettext(
        "Too many attempts. Try again in {count} second.", "Too many attempts. Try again in {count} seconds.", number
    ).format(count=number)
