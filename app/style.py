"""Rules of style that Streamlit's theme has no setting for. They name attributes, never its generated classes."""

# The theme has one primary colour, for white words on it and for words of it: on a dark page no colour is right for
# both. A finger needs 24 pixels. And of a link that the keyboard has reached only the background changed, hardly.
SHEET = """<style>
button[data-variant="segmented_control"][data-selected] { color: light-dark(#0B5394, #7CC0F2) !important }
:is([data-testid="stSelectbox"], [data-testid="stMultiSelect"]) [role="group"] > button {
  min-width: 24px; min-height: 24px }
[data-testid="stMultiSelect"] input { min-width: 24px }
:is(a, button, summary):focus-visible {
  outline: 2px solid light-dark(#0B5394, #7CC0F2) !important; outline-offset: 1px }
</style>"""
