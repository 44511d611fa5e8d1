"""DICOM's enumerations as far as the readers use them."""

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
NATIVE = {IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2"}
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
HIGH_THROUGHPUT = {
    "1.2.840.10008.1.2.4.201": "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.202": "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.203": "1.2.840.10008.1.2.4.91",
}  # fmt: skip
"""High-throughput JPEG 2000, and the JPEG 2000 under whose name pydicom hands it to Pillow, which reads both."""
JPEG_2000 = {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", *HIGH_THROUGHPUT}
JPEG_FAMILY = {JPEG_BASELINE, *JPEG_2000, *(f"1.2.840.10008.1.2.4.{number}" for number in (51, 57, 70, 80, 81))}
SYNTAXES = NATIVE | JPEG_FAMILY | {RLE, DEFLATED}
CONVERT = "Convert it with a DICOM tool, for example dcmdjpeg, and import it again."

SAMPLES = {
    "MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1,
    "RGB": 3, "YBR_FULL": 3, "YBR_FULL_422": 3, "YBR_ICT": 3, "YBR_RCT": 3,
}  # fmt: skip
"""Values a pixel of each colour model."""

POSITION, ORIENTATION = "ImagePositionPatient", "ImageOrientationPatient"
DIRECTORY = "1.2.840.10008.1.3.10"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SUV_TYPES = {"LBM": "lean body mass", "LBMJAMES128": "lean body mass", "LBMJANMA": "lean body mass",
             "BSA": "body surface", "IBW": "ideal body weight"}  # fmt: skip
PET_UNITS = {"BQML": "Bq/mL", "GML": "g/mL", "CNTS": "counts", "PROPCNTS": "counts", "PROPCPS": "counts/s"}

MODALITIES = frozenset((
    "AR", "AU", "BDUS", "BI", "BMD", "CR", "CT", "CTPROTOCOL", "DG", "DOC", "DX", "ECG", "EPS", "ES", "FID",
    "GM", "HC", "HD", "IO", "IOL", "IVOCT", "IVUS", "KER", "KO", "LEN", "LS", "MG", "MR", "M3D", "NM", "OAM",
    "OCT", "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "OT", "PA", "PLAN", "POS", "PR", "PT", "PX",
    "REG", "RESP", "RF", "RG", "RTDOSE", "RTIMAGE", "RTINTENT", "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN",
    "RTSTRUCT", "RWV", "SEG", "SM", "SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "TG", "US", "VA", "XA",
    "XAPROTOCOL", "XC",
))  # fmt: skip
"""Defined terms of PS3.3 C.7.3.1.1.1."""

TEXT_RISKS = {
    "tag": "The header says that text is burned in.",
    "capture": "A secondary capture often shows the screen's text.",
    "ultrasound": "Ultrasound scanners write into the image.",
    "other": "The modality is unnamed (OT).",
    "radiograph": "A radiograph whose header does not deny burned-in text.",
}


FLOATING = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}
"""Attributes that hold real numbers in place of `PixelData`, and their bits."""

KEPT = frozenset((
    "Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "BitsAllocated", "BitsStored", "HighBit", "PixelData",
    "PixelRepresentation", "PhotometricInterpretation", "PlanarConfiguration", "PixelSpacing", "ImagerPixelSpacing",
    "RescaleSlope", "RescaleIntercept", "RescaleType", "Modality", "BurnedInAnnotation", "DoseGridScaling",
    "DoseUnits", "Units", "PixelPaddingValue", "PixelPaddingRangeLimit", POSITION, ORIENTATION, *FLOATING,
    "SyntheticData",
))  # fmt: skip
"""The allow-list: what is kept of a header, as numbers and enumerations. Everything else is dropped and listed."""
