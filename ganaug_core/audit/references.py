"""The papers that an audit's methods come from, as BibTeX; which ones, is read off what the audit holds."""

from dataclasses import dataclass

from ganaug_core.records import Audit


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Facts of a paper, in BibTeX's spelling; `arxiv` or `doi` or where it appeared."""

    author: str
    title: str
    year: int
    where: str = ""
    arxiv: str = ""
    doi: str = ""

    def entry(self, key: str) -> str:
        """Return the BibTeX entry; capitals of the title are kept."""
        optional = {"journal": self.where, "doi": self.doi}
        if self.arxiv:
            optional |= {"eprint": self.arxiv, "archiveprefix": "arXiv"}
        values = {"author": self.author, "title": f"{{{self.title}}}", **optional, "year": str(self.year)}
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in values.items() if value)
        return f"@{'article' if self.where else 'misc'}{{{key},\n{lines}\n}}"


REFERENCES: dict[str, Reference] = {
    "holm1979": Reference(
        author="Holm, Sture",
        title="A Simple Sequentially Rejective Multiple Test Procedure",
        year=1979,
        where="Scandinavian Journal of Statistics 6, 65--70",
    ),
    "benjamini1995": Reference(
        author="Benjamini, Yoav and Hochberg, Yosef",
        title="Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple Testing",
        year=1995,
        where="Journal of the Royal Statistical Society B 57, 289--300",
        doi="10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "bates2023": Reference(
        author="Bates, Stephen and Cand{\\`e}s, Emmanuel and Lei, Lihua and Romano, Yaniv and Sesia, Matteo",
        title="Testing for Outliers with Conformal p-Values",
        year=2023,
        where="The Annals of Statistics 51, 149--178",
        doi="10.1214/22-AOS2244",
    ),
    "ledoit2004": Reference(
        author="Ledoit, Olivier and Wolf, Michael",
        title="A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices",
        year=2004,
        where="Journal of Multivariate Analysis 88, 365--411",
        doi="10.1016/S0047-259X(03)00096-4",
    ),
    "wilson1927": Reference(
        author="Wilson, Edwin B.",
        title="Probable Inference, the Law of Succession, and Statistical Inference",
        year=1927,
        where="Journal of the American Statistical Association 22, 209--212",
        doi="10.1080/01621459.1927.10502953",
    ),
    "clopper1934": Reference(
        author="Clopper, C. J. and Pearson, E. S.",
        title="The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
        year=1934,
        where="Biometrika 26, 404--413",
        doi="10.1093/biomet/26.4.404",
    ),
    "delong1988": Reference(
        author="DeLong, Elizabeth R. and DeLong, David M. and Clarke-Pearson, Daniel L.",
        title="Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves: "
        "A Nonparametric Approach",
        year=1988,
        where="Biometrics 44, 837--845",
        doi="10.2307/2531595",
    ),
    "politis1994": Reference(
        author="Politis, Dimitris N. and Romano, Joseph P.",
        title="Large Sample Confidence Regions Based on Subsamples under Minimal Assumptions",
        year=1994,
        where="The Annals of Statistics 22, 2031--2050",
        doi="10.1214/aos/1176325770",
    ),
    "learnedmiller2020": Reference(
        author="Learned-Miller, Erik and Thomas, Philip S.",
        title="A New Confidence Interval for the Mean of a Bounded Random Variable",
        year=2020,
        arxiv="1905.06208",
    ),
    "evangelidis2008": Reference(
        author="Evangelidis, Georgios D. and Psarakis, Emmanouil Z.",
        title="Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization",
        year=2008,
        where="IEEE Transactions on Pattern Analysis and Machine Intelligence 30, 1858--1865",
        doi="10.1109/TPAMI.2008.113",
    ),
    "heusel2017": Reference(
        author="Heusel, Martin and Ramsauer, Hubert and Unterthiner, Thomas and Nessler, Bernhard and Hochreiter, Sepp",
        title="GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
        year=2017,
        arxiv="1706.08500",
    ),
    "chong2020": Reference(
        author="Chong, Min Jin and Forsyth, David",
        title="Effectively Unbiased FID and Inception Score and Where to Find Them",
        year=2020,
        arxiv="1911.07023",
    ),
    "binkowski2018": Reference(
        author="Bi{\\'n}kowski, Miko{\\l}aj and Sutherland, Danica J. and Arbel, Michael and Gretton, Arthur",
        title="Demystifying MMD GANs",
        year=2018,
        arxiv="1801.01401",
    ),
    "gretton2012": Reference(
        author='Gretton, Arthur and Borgwardt, Karsten M. and Rasch, Malte J. and Sch{\\"o}lkopf, Bernhard and '
        "Smola, Alexander",
        title="A Kernel Two-Sample Test",
        year=2012,
        where="Journal of Machine Learning Research 13, 723--773",
    ),
    "kynkaanniemi2019": Reference(
        author='Kynk{\\"a}{\\"a}nniemi, Tuomas and Karras, Tero and Laine, Samuli and Lehtinen, Jaakko and Aila, Timo',
        title="Improved Precision and Recall Metric for Assessing Generative Models",
        year=2019,
        arxiv="1904.06991",
    ),
    "naeem2020": Reference(
        author="Naeem, Muhammad Ferjad and Oh, Seong Joon and Uh, Youngjung and Choi, Yunjey and Yoo, Jaejun",
        title="Reliable Fidelity and Diversity Metrics for Generative Models",
        year=2020,
        arxiv="2002.09797",
    ),
    "friedman2022": Reference(
        author="Friedman, Dan and Dieng, Adji Bousso",
        title="The Vendi Score: A Diversity Evaluation Metric for Machine Learning",
        year=2022,
        arxiv="2210.02410",
    ),
    "richardson2018": Reference(
        author="Richardson, Eitan and Weiss, Yair", title="On GANs and GMMs", year=2018, arxiv="1805.12462"
    ),
    "kuebler2022": Reference(
        author='K{\\"u}bler, Jonas M. and Jitkrittum, Wittawat and Sch{\\"o}lkopf, Bernhard and Muandet, Krikamol',
        title="A Witness Two-Sample Test",
        year=2022,
        arxiv="2102.05573",
    ),
    "kulldorff1997": Reference(
        author="Kulldorff, Martin",
        title="A spatial scan statistic",
        year=1997,
        where="Communications in Statistics - Theory and Methods, 26(6):1481-1496",
        doi="10.1080/03610929708831995",
    ),
    "westfall1993": Reference(
        author="Westfall, Peter H. and Young, S. Stanley",
        title="Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment",
        year=1993,
        where="Wiley",
    ),
    "wang2003": Reference(
        author="Wang, Zhou and Simoncelli, Eero P. and Bovik, Alan C.",
        title="Multiscale Structural Similarity for Image Quality Assessment",
        year=2003,
        where="Asilomar Conference on Signals, Systems and Computers",
        doi="10.1109/ACSSC.2003.1292216",
    ),
    "arora2017": Reference(
        author="Arora, Sanjeev and Zhang, Yi",
        title="Do GANs Actually Learn the Distribution? An Empirical Study",
        year=2017,
        arxiv="1706.08224",
    ),
    "lopezpaz2017": Reference(
        author="Lopez-Paz, David and Oquab, Maxime",
        title="Revisiting Classifier Two-Sample Tests",
        year=2017,
        arxiv="1610.06545",
    ),
    "haufe2014": Reference(
        author='Haufe, Stefan and Meinecke, Frank and G{\\"o}rgen, Kai and D{\\"a}hne, Sven and Haynes, John-Dylan and '
        "Blankertz, Benjamin and Bie{\\ss}mann, Felix",
        title="On the Interpretation of Weight Vectors of Linear Models in Multivariate Neuroimaging",
        year=2014,
        where="NeuroImage 87, 96--110",
        doi="10.1016/j.neuroimage.2013.10.067",
    ),
    "durall2020": Reference(
        author="Durall, Ricard and Keuper, Margret and Keuper, Janis",
        title="Watch your Up-Convolution: CNN Based Generative Deep Neural Networks are Failing to Reproduce "
        "Spectral Distributions",
        year=2020,
        arxiv="2003.01826",
    ),
    "shmelkov2018": Reference(
        author="Shmelkov, Konstantin and Schmid, Cordelia and Alahari, Karteek",
        title="How Good Is My GAN?",
        year=2018,
        arxiv="1807.09499",
    ),
    "salimans2016": Reference(
        author="Salimans, Tim and Goodfellow, Ian and Zaremba, Wojciech and Cheung, Vicki and Radford, Alec and "
        "Chen, Xi",
        title="Improved Techniques for Training GANs",
        year=2016,
        arxiv="1606.03498",
    ),
    "che2017": Reference(
        author="Che, Tong and Li, Yanran and Jacob, Athul Paul and Bengio, Yoshua and Li, Wenjie",
        title="Mode Regularized Generative Adversarial Networks",
        year=2017,
        arxiv="1612.02136",
    ),
    "xu2018": Reference(
        author="Xu, Qiantong and Huang, Gao and Yuan, Yang and Guo, Chuan and Sun, Yu and Wu, Felix and "
        "Weinberger, Kilian",
        title="An Empirical Study on Evaluation Metrics of Generative Adversarial Networks",
        year=2018,
        arxiv="1806.07755",
    ),
    "alaa2022": Reference(
        author="Alaa, Ahmed M. and van Breugel, Boris and Saveliev, Evgeny and van der Schaar, Mihaela",
        title="How Faithful is Your Synthetic Data? Sample-Level Metrics for Evaluating and Auditing Generative Models",
        year=2022,
        arxiv="2102.08921",
    ),
    "meehan2020": Reference(
        author="Meehan, Casey and Chaudhuri, Kamalika and Dasgupta, Sanjoy",
        title="A Non-Parametric Test to Detect Data-Copying in Generative Models",
        year=2020,
        arxiv="2004.05675",
    ),
    "jiralerspong2023": Reference(
        author="Jiralerspong, Marco and Bose, Avishek Joey and Gemp, Ian and Qin, Chongli and Bachrach, Yoram and "
        "Gidel, Gauthier",
        title="Feature Likelihood Divergence: Evaluating the Generalization of Generative Models Using Samples",
        year=2023,
        arxiv="2302.04440",
    ),
    "hayes2019": Reference(
        author="Hayes, Jamie and Melis, Luca and Danezis, George and De Cristofaro, Emiliano",
        title="LOGAN: Membership Inference Attacks Against Generative Models",
        year=2019,
        arxiv="1705.07663",
    ),
    "carlini2022": Reference(
        author="Carlini, Nicholas and Chien, Steve and Nasr, Milad and Song, Shuang and Terzis, Andreas and "
        "Tram{\\`e}r, Florian",
        title="Membership Inference Attacks From First Principles",
        year=2022,
        arxiv="2112.03570",
    ),
    "chen2020": Reference(
        author="Chen, Ting and Kornblith, Simon and Norouzi, Mohammad and Hinton, Geoffrey",
        title="A Simple Framework for Contrastive Learning of Visual Representations",
        year=2020,
        arxiv="2002.05709",
    ),
    "haralick1973": Reference(
        author="Haralick, Robert M. and Shanmugam, K. and Dinstein, Its'hak",
        title="Textural Features for Image Classification",
        year=1973,
        where="IEEE Transactions on Systems, Man, and Cybernetics 3, 610--621",
        doi="10.1109/TSMC.1973.4309314",
    ),
    "ojala2002": Reference(
        author='Ojala, Timo and Pietik{\\"a}inen, Matti and M{\\"a}enp{\\"a}{\\"a}, Topi',
        title="Multiresolution Gray-Scale and Rotation Invariant Texture Classification with Local Binary Patterns",
        year=2002,
        where="IEEE Transactions on Pattern Analysis and Machine Intelligence 24, 971--987",
        doi="10.1109/TPAMI.2002.1017623",
    ),
    "zwanenburg2020": Reference(
        author="Zwanenburg, Alex and others",
        title="The Image Biomarker Standardization Initiative: Standardized Quantitative Radiomics for "
        "High-Throughput Image-based Phenotyping",
        year=2020,
        where="Radiology 295, 328--338",
        doi="10.1148/radiol.2020191145",
    ),
    "saxe2011": Reference(
        author="Saxe, Andrew M. and Koh, Pang Wei and Chen, Zhenghao and Bhand, Maneesh and Suresh, Bipin and "
        "Ng, Andrew Y.",
        title="On Random Weights and Unsupervised Feature Learning",
        year=2011,
        where="International Conference on Machine Learning",
    ),
    "szegedy2015": Reference(
        author="Szegedy, Christian and Vanhoucke, Vincent and Ioffe, Sergey and Shlens, Jonathon and Wojna, Zbigniew",
        title="Rethinking the Inception Architecture for Computer Vision",
        year=2015,
        arxiv="1512.00567",
    ),
    "mei2022": Reference(
        author="Mei, Xueyan and others",
        title="RadImageNet: An Open Radiologic Deep Learning Research Dataset for Effective Transfer Learning",
        year=2022,
        where="Radiology: Artificial Intelligence 4(5), e210315",
        doi="10.1148/ryai.210315",
    ),
    "cohen2021": Reference(
        author="Cohen, Joseph Paul and others",
        title="TorchXRayVision: A Library of Chest X-ray Datasets and Models",
        year=2021,
        arxiv="2111.00595",
    ),
    "oquab2023": Reference(
        author="Oquab, Maxime and others",
        title="DINOv2: Learning Robust Visual Features without Supervision",
        year=2023,
        arxiv="2304.07193",
    ),
    "stein2023": Reference(
        author="Stein, George and others",
        title="Exposing Flaws of Generative Model Evaluation Metrics and Their Unfair Treatment of Diffusion Models",
        year=2023,
        arxiv="2306.04675",
    ),
}
ALWAYS = ("holm1979", "benjamini1995")
MISSING_GROUPS = "richardson2018", "kulldorff1997", "westfall1993", "kuebler2022"
ODD_IMAGES = "bates2023", "ledoit2004"
OF_MEASURES = {
    "frechet": ("heusel2017",),
    "frechet_multiple": ("heusel2017", "chong2020"),
    "kernel_distance": ("binkowski2018", "gretton2012"),
    "discrepancy_multiple": ("gretton2012",),
    "precision": ("kynkaanniemi2019",),
    "recall": ("kynkaanniemi2019",),
    "density": ("naeem2020",),
    "coverage": ("naeem2020",),
    "vendi_ratio": ("friedman2022",),
    "smallest_mode": MISSING_GROUPS,
    "pair_similarity": ("wang2003",),
    "birthday_batch": ("arora2017",),
    "told_apart": ("lopezpaz2017", "haufe2014"),
    "detail": ("durall2020",),
    "label_agreement": ("shmelkov2018",),
    "inception_score": ("salimans2016",),
    "mode_score": ("che2017", "xu2018"),
    "authentic_share": ("alaa2022",),
    "copying_score": ("meehan2020",),
    "likelihood_gap": ("jiralerspong2023",),
    "membership": ("hayes2019", "carlini2022"),
    "membership_sure": ("hayes2019", "carlini2022"),
}
OF_SPACES = {
    "registered": ("evangelidis2008",),
    "simclr": ("chen2020",),
    "texture": ("haralick1973", "ojala2002"),
    "radiomics": ("zwanenburg2020",),
    "region": ("zwanenburg2020",),
    "random_convolution": ("saxe2011",),
    "discriminator": ("hayes2019",),
    "inception": ("szegedy2015",),
    "radimagenet": ("mei2022",),
    "torchxrayvision": ("cohen2021",),
    "dinov2": ("oquab2023", "stein2023"),
}
OF_WORDS = {
    "Wilson": "wilson1927",
    "Clopper-Pearson": "clopper1934",
    "DeLong": "delong1988",
    "half-sampling": "politis1994",
    "weighted bootstrap": "learnedmiller2020",
}
"""By what tests and intervals are called where they are stated."""


def used(audit: Audit) -> dict[str, Reference]:
    """Return the papers behind an audit by BibTeX key, in alphabetical order."""
    spaces = {*(audit.made.encoders if audit.made else ()), *(row.encoder for row in audit.measurements)}
    if audit.suspects:
        spaces.add("registered")
    stated = [row.test + row.interval_method for row in audit.measurements]
    stated += [verdict.test for verdict in audit.verdicts.values()]
    stated += [row.test for row in audit.subgroups]
    keys = {
        *ALWAYS,
        *(key for row in audit.measurements for key in OF_MEASURES.get(row.name, ())),
        *(key for space in spaces for key in OF_SPACES.get(space, ())),
        *(key for words, key in OF_WORDS.items() if any(words in text for text in stated)),
        *(MISSING_GROUPS if audit.missing_modes else ()),
        *(ODD_IMAGES if audit.odd_scores else ()),
    }
    return {key: REFERENCES[key] for key in sorted(keys)}
