"""Contacts as the marts keep them: a narrow row each, newest first, with labels and theme; and their folded words."""

from voc.inference.marts_area import INSIDE
from voc.inference.selection import NOT_STATED

TABLES = ("contacts", "scores", "theme_assignments", "theme_map", "customers", "outcomes", "outcome_scores")
# `number` counts contacts from the newest: the order of every list, and a narrow key. `customer` is one as well:
# telling customers apart is most of the work of most questions, and half as much with numbers. From `gone_on` on
# somebody is no customer. `rank` chooses what a map shows of many: the same sample each time, and of few all. It is
# made in steps, for what is joined at one time has to be in memory at one time.
CREATE = f"""
CREATE TEMP TABLE numbered AS
SELECT row_number() OVER (ORDER BY started_at DESC, contact_id)::INTEGER AS number, contact_id, customer_id
FROM lake_contacts AS c WHERE {INSIDE};
CREATE TEMP TABLE gone AS
SELECT customer_id, min(day) AS gone_on FROM (
    SELECT customer_id, churned_at AS day FROM lake_outcomes
    UNION ALL SELECT customer_id, active_to FROM lake_customers)
WHERE day IS NOT NULL GROUP BY customer_id;
CREATE TEMP TABLE person AS
SELECT customer_id, row_number() OVER (ORDER BY customer_id)::INTEGER AS customer, segment, gone_on
FROM (SELECT DISTINCT customer_id FROM numbered)
LEFT JOIN lake_customers USING (customer_id) LEFT JOIN gone USING (customer_id);
CREATE TEMP TABLE placed AS
SELECT number, customer, coalesce(segment, '{NOT_STATED}') AS segment, gone_on, theme_id, similarity,
       evidence AS theme_evidence,
       outcome_probability AS risk, x, y, CASE WHEN x IS NOT NULL THEN hash(contact_id) END AS rank
FROM numbered LEFT JOIN person USING (customer_id)
LEFT JOIN lake_theme_assignments USING (contact_id)
LEFT JOIN lake_theme_map USING (contact_id)
LEFT JOIN (SELECT * FROM lake_outcome_scores WHERE model_version = getvariable('head')) USING (contact_id);
CREATE TEMP TABLE labelled AS
SELECT number, TRUE AS scored, abstained, top_probability, sentiment, sentiment_probability, churn_intent,
       churn_probability, churn_direction, churn_evidence
FROM lake_scores JOIN numbered USING (contact_id) WHERE model_version = getvariable('model');
CREATE TABLE contact AS
SELECT number, contact_id, c.customer_id AS customer_id, customer, started_at::TIMESTAMP AS started_at, day, channel,
       coalesce(product, '{NOT_STATED}') AS product, coalesce(language, '{NOT_STATED}') AS language,
       coalesce(journey_stage, '{NOT_STATED}') AS stage, csat, nps, ces, first_response_s, duration_s,
       coalesce(scored, FALSE) AS scored, coalesce(abstained, FALSE) AS abstained,
       labelled.* EXCLUDE (number, scored, abstained), placed.* EXCLUDE (number, customer)
FROM lake_contacts AS c JOIN numbered USING (contact_id) JOIN placed USING (number) LEFT JOIN labelled USING (number)
ORDER BY number;
CREATE TABLE contact_reason AS
SELECT number, item.reason AS reason, item.probability AS probability
FROM (SELECT contact_id, unnest(reasons) AS item FROM lake_scores WHERE model_version = getvariable('model'))
JOIN numbered USING (contact_id) ORDER BY number;
CREATE TABLE other_theme AS
SELECT number, place, other.theme_id AS theme_id, other.similarity AS similarity, other.evidence AS theme_evidence
FROM (SELECT contact_id, unnest(others) AS other, generate_subscripts(others, 1) AS place FROM lake_theme_assignments)
JOIN numbered USING (contact_id) ORDER BY number, place;
CREATE TABLE contact_words AS
SELECT number, day, search_text FROM lake_contacts JOIN numbered USING (contact_id) ORDER BY number;
DROP TABLE numbered;
DROP TABLE gone;
DROP TABLE person;
DROP TABLE placed;
DROP TABLE labelled;
"""
"""Of the registered datasets, with the scores of the model in the variable `model` and of the outcome head in `head`,
of the products in `area`."""
