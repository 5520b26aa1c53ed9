-- What quota shows the auditor: the counters of the villages and the targets, with the total each notice declares.

CREATE VIEW proof.village_counter AS
SELECT benefit_year, region, registered, enrolled, terminated FROM village_counter;

CREATE VIEW proof.target_set AS
SELECT id, region, benefit_year, version, document, declared_total FROM target_set;

CREATE VIEW proof.town_target AS
SELECT county, region, benefit_year, version, name, target FROM town_target;
