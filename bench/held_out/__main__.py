"""`make held-out FILE=ratings.csv`: how well we predict each next rating of a place, against plain rules.

make held-out FILE=ratings.csv                        a table in Markdown
make held-out FILE=ratings.csv ARGS="--json FILE"     its figures in a file, too

The file has the columns place, rater, time, and stars (1 to 5) or vote (-1, +1): docs/held-out.md.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.held_out.prediction import predict
from bench.held_out.reading import UnusableFile, read
from bench.held_out.record import table
from bench.held_out.scores import PLACES_AT_LEAST, RESAMPLES, score
from bench.held_out.table import as_json, markdown


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="make held-out", description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="CSV with the columns place, rater, time, and stars or vote")
    parser.add_argument("--json", type=Path, help="file for every figure")
    options = parser.parse_args(arguments)
    try:
        known = read(options.file)
    except UnusableFile as error:
        sys.exit("\n".join(f"{options.file}: {line}" for line in str(error).splitlines()))
    ratings = table(known.ordered)
    predictions = predict(ratings)
    scores = score(ratings, predictions)
    predicted_places = len(set(ratings.place[predictions.row].tolist()))
    print(f"{len(known.ordered)} ratings ({known.form}) of {ratings.places} places.")
    if known.repeated:
        print(f"{known.repeated} lines left out: a later line has the same place, rater and time.")
    if scores:
        print(
            f"{len(predictions.row)} ratings of {predicted_places} places predicted from earlier ones of their place."
        )
        print(f"\n{markdown(scores)}\n")
        print("Log-loss in nats, RMSE in stars. Less ours: above 0, ours is better.")
    else:
        print("No place has a rating after its first, so there is nothing to predict.")
    if scores and predicted_places < PLACES_AT_LEAST:
        print(f"No intervals: they require {PLACES_AT_LEAST} predicted places.")
    elif scores:
        print(f"Intervals of 95 % from {RESAMPLES} samples of places; bold: more than chance.")
    if options.json:
        document = {
            "form": known.form,
            "ratings": len(known.ordered),
            "places": ratings.places,
            "repeated": known.repeated,
            "predicted": len(predictions.row),
            "predicted_places": predicted_places,
            "rows": as_json(scores),
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
