"""Which contacts speak of which themes: a contact with several reasons may speak of several, in the lake and in the
marts, where `contact` has the first one and `other_theme` (number, place, theme_id, similarity, theme_evidence) what
else there is."""

SPOKEN = """(
    SELECT * FROM contact WHERE theme_id IS NOT NULL
    UNION ALL
    SELECT contact.* REPLACE (
        other_theme.theme_id AS theme_id, other_theme.similarity AS similarity,
        other_theme.theme_evidence AS theme_evidence)
    FROM contact JOIN other_theme USING (number))"""
"""A table expression over the marts: a row of `contact` for each theme that a contact speaks of."""
IN_THEME = "(theme_id = $theme OR number IN (SELECT number FROM other_theme WHERE theme_id = $theme))"
"""Condition on the marts' table `contact`: it speaks of the theme in the parameter `theme`. Not false but null for a
contact in no theme."""


def spoken_themes(table: str = "theme_assignments") -> str:
    """A table expression out of the lake's table (contact_id, theme_id, similarity, evidence): a row for each theme of
    each contact, each theme once, none for a contact in no theme."""
    return f"""(
        SELECT contact_id, theme_id, similarity, evidence FROM {table} WHERE theme_id IS NOT NULL
        UNION ALL
        SELECT contact_id, other.theme_id, other.similarity, other.evidence
        FROM (SELECT contact_id, unnest(others) AS other FROM {table}))"""
