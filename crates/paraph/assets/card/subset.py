"""Makes the two small faces of the share card from Source Serif 4: python3 subset.py FOLDER_OF_SOURCE_SERIF_4_TTF OUT

Needs fonttools 4.68. The licence reserves the name "Source", so that what is modified carries another name."""
import sys
from pathlib import Path
from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = ["20-7E", "A0-17F", "18F", "192", "1A0-1A1", "1AF-1B0", "1CD-1D4", "1E6-1E7", "1EA-1EB", "1FA-21B", "237", "259",
          "2BB-2BC", "2C6-2C7", "2D8-2DD", "300-304", "306-30C", "323-328", "37E", "384-38A", "38C", "38E-3A1", "3A3-3CE",
          "400-45F", "48A-4FF", "1E80-1E85", "1E9E", "1EA0-1EF9", "2000-200A", "202F", "2010-2015", "2018-201E", "2020-2022", "2026", "2030",
          "2032-2033", "2039-203A", "2044", "20A0-20BF", "2116", "2122", "2190-2193", "2212"]

def main(source, out):
    for face, name in [("SourceSerif4Display-Semibold", "semibold"), ("SourceSerif4Subhead-Regular", "regular")]:
        font = TTFont(Path(source) / f"{face}.ttf")
        options = subset.Options()
        options.layout_features = ["ccmp", "locl", "mark", "mkmk", "kern", "liga"]
        options.hinting = False
        options.notdef_outline = True
        options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
        options.drop_tables += ["DSIG", "STAT", "MVAR"]
        worker = subset.Subsetter(options)
        codes = []
        for item in RANGES:
            first, _, last = item.partition("-")
            codes += range(int(first, 16), int(last or first, 16) + 1)
        worker.populate(unicodes=codes)
        worker.subset(font)
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6):
                record.string = f"ParaphCard-{name}" if record.nameID in (3, 6) else f"Paraph Card {name}"
        font.save(Path(out) / f"card-{name}.ttf")

main(*sys.argv[1:])
