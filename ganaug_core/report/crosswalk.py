"""What of the report belongs to which question of two published lists; where it has nothing, that is said.

The scorecard's criteria are named as its authors name them; what each asks is said in our words. CLAIM's items are told
by number and subject alone: its text belongs to the RSNA.

Sources: Zamzmi et al., Scorecard for synthetic medical data evaluation, Communications Engineering 4:130, 2025,
doi:10.1038/s44172-025-00450-1 (its authors work at the FDA; it is no rule of the FDA); what each criterion asks was
checked against its first author's own list (alzamzmigaa/SMD_ScoreCard on GitHub), not against the article's text.
Tejani et al., Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 update, Radiology: Artificial
Intelligence 6(4):e240300, 2024, doi:10.1148/ryai.240300; numbers and subjects were checked one by one against the
checklist that its authors publish with their explanations.
"""

NOT_COVERED = "not covered"
SCORECARD = "Zamzmi et al. 2025, doi:10.1038/s44172-025-00450-1"
CLAIM = "Tejani et al. 2024, doi:10.1148/ryai.240300"
CRITERIA = (
    (
        "Congruence",
        "do the distributions agree",
        "Realism: mean discrepancy and Fréchet distance in three feature spaces with intervals, precision, density, "
        "power spectrum; Intensities: values in the physical unit, noise.",
    ),
    (
        "Coverage",
        "is all variety there, and anything new",
        "Variety: missing groups, coverage and recall by class, Vendi ratio, repeats within the set. New kinds of "
        "images that the cohort lacks: not covered.",
    ),
    (
        "Constraint",
        "are clinical, physical and technical limits kept",
        "In part: values at the ends of the range, unheard-of texture values, lesion measures where the cohort has "
        "masks, odd images on request. Anatomy itself is not covered.",
    ),
    (
        "Completeness",
        "are labels and metadata there that the task needs",
        "In part: images and a class label for each. Clinical data, further labels and metadata are not covered.",
    ),
    (
        "Compliance",
        "are privacy rules, laws, standards and formats met",
        "In part: the search for copies and, on request, the membership attack describe one risk. Legal basis, "
        "approval and rules are not covered: see Before sharing.",
    ),
    (
        "Comprehension",
        "is it told clearly how the data were made",
        "Passport, curves, methods, versions, digests and limits in this report.",
    ),
    (
        "Consistency",
        "is the quality even over groups, batches and time",
        "In part: subgroups of patients and repeated draws or trainings on request. Other times, sites and devices are "
        "not covered.",
    ),
)
ITEMS = (
    ("1–4", "Title, abstract, introduction", NOT_COVERED),
    ("5–6", "Study design and goal", NOT_COVERED),
    ("7", "Data sources", "name and digest of the cohort; where it comes from is not covered"),
    (
        "8, 35",
        "Inclusion and exclusion, and their numbers",
        "files left out at import, with reasons; patients are not covered",
    ),
    ("9", "Preprocessing", "size, range of values and unit; what was done before the import is not covered"),
    ("10", "Subsets", "near-duplicates and classes; otherwise not covered"),
    ("11", "De-identification", "the outside edition says what it withholds; the source files are not covered"),
    ("12", "Missing data", NOT_COVERED),
    ("13", "Image acquisition", "modality and pixel spacing where known; otherwise not covered"),
    ("14–18", "Reference standard, annotators, their agreement", NOT_COVERED),
    ("19–20", "Partitions, and the level at which they are disjoint", "section Split"),
    ("21", "Intended sample size", "what could go unnoticed with these numbers; a plan where one was written"),
    ("22–24", "Model, software, initial weights", "passport, versions, seed"),
    (
        "25–27",
        "Training, choice of the final model, ensembles",
        "recipe, curves, kept checkpoint; there is no ensemble",
    ),
    ("28–29", "Metrics, significance and uncertainty", "sections Verdicts, Measurements and Methods"),
    ("30", "Robustness", "several feature spaces; draws and trainings repeated on request"),
    ("31", "Explainability", NOT_COVERED),
    ("32", "Internal testing", "section Benefit where it was measured"),
    ("33–34", "External testing, trial registration", NOT_COVERED),
    ("36", "Characteristics of each partition", "classes and patients by share; demography is not covered"),
    ("37–38", "Performance with its uncertainty", "section Benefit where it was measured"),
    ("39", "Failures", "closest pairs, missing groups, images in doubt"),
    ("40–41", "Limitations and implications", "section Limits; implications are not covered"),
    ("42", "Protocol", "whether the audit keeps to a plan, and its digest"),
    ("43", "Availability of software, model and data", "licence of the generator; otherwise not covered"),
    ("44", "Funding", NOT_COVERED),
)
