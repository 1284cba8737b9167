#!/usr/bin/env python3
"""A made-up survey with known groups, for the tutorial and tests; datasets/survey.md is its card.

    python3 survey.py >survey.csv
    python3 survey.py --truth >truth.csv

1,200 answers of three groups: "bargain" (40 %), "quality" (35 %), "social" (25 %). Ten statements are
answered from 1 to 5, five statements in words; each leans on one attitude, and a group holds an
attitude more or less. Tags, age band and visits go with the groups loosely, region not at all. Of
the answers 6 % are missing, and 30 people answered 3 to everything.
"""

import csv
import random
import sys

N, SEED, MISSING, STRAIGHT = 1200, 11, 0.06, 30
WORDS = ["strongly disagree", "disagree", "neutral", "agree", "strongly agree"]
ATTITUDES = ("price", "quality", "social")
STATEMENTS = {  # statement: attitude it leans on, and which way
    "compare_prices": ("price", 1), "wait_for_sales": ("price", 1), "use_coupons": ("price", 1),
    "brand_matters": ("quality", 1), "pay_for_durable": ("quality", 1), "read_labels": ("quality", 1),
    "friends_advise": ("social", 1), "share_photos": ("social", 1), "shop_for_fun": ("social", 1),
    "price_is_no_matter": ("price", -1),
}
SPOKEN = {
    "i_plan_my_shopping": ("price", 1), "i_keep_things_long": ("quality", 1),
    "i_try_new_shops": ("social", 1), "i_trust_reviews": ("social", 1),
    "i_return_what_breaks": ("quality", 1),
}
GROUPS = {  # share, attitudes from -1 to 1, visits a year, chances of tags
    "bargain": (0.40, {"price": 1.0, "quality": -0.5, "social": -0.3}, 14,
                {"discounts": 0.7, "food": 0.5, "sport": 0.2, "music": 0.2, "travel": 0.1}),
    "quality": (0.35, {"price": -0.7, "quality": 1.0, "social": -0.2}, 8,
                {"discounts": 0.1, "food": 0.4, "sport": 0.3, "music": 0.2, "travel": 0.5}),
    "social": (0.25, {"price": -0.1, "quality": -0.2, "social": 1.0}, 20,
               {"discounts": 0.3, "food": 0.3, "sport": 0.4, "music": 0.7, "travel": 0.3}),
}
AGES = ["18-24", "25-34", "35-49", "50-64", "65+"]
AGE_OF = {"bargain": [2, 3, 5, 3, 2], "quality": [1, 2, 4, 5, 3], "social": [6, 5, 2, 1, 1]}


def bell(draw):
    """Roughly normal, from uniform numbers alone, so that every Python gives the same."""
    return sum(draw() for _ in range(12)) - 6


def answer(draw, attitude, mood):
    """1 to 5; mood is what one person adds to every answer, whatever the statement."""
    return min(5, max(1, round(3 + 1.1 * attitude + 0.5 * mood + 0.8 * bell(draw))))


def pick(draw, weights):
    at, left = 0, draw() * sum(weights)
    while left >= weights[at]:
        left -= weights[at]
        at += 1
    return at


def respondents():
    draw = random.Random(SEED).random
    names = list(GROUPS)
    for i in range(N):
        group = names[pick(draw, [GROUPS[name][0] for name in names])]
        _, holds, visits, chances = GROUPS[group]
        mood = bell(draw)
        row = {"respondent_id": 1001 + i}
        for name, (attitude, sign) in {**STATEMENTS, **SPOKEN}.items():
            value = 3 if i < STRAIGHT else answer(draw, sign * holds[attitude], mood)
            row[name] = WORDS[value - 1] if name in SPOKEN else value
        row["interests"] = ";".join(tag for tag, chance in chances.items() if draw() < chance)
        row["age"] = AGES[pick(draw, AGE_OF[group])]
        row["region"] = ["north", "south", "east", "west"][pick(draw, [1, 1, 1, 1])]
        row["visits"] = max(0, round(visits * (1 + 0.4 * bell(draw))))
        for name in list(row)[1:]:
            if i >= STRAIGHT and draw() < MISSING:
                row[name] = ""
        yield row, group


def main():
    writer = csv.writer(sys.stdout, lineterminator="\n")
    rows = list(respondents())
    if sys.argv[1:] == ["--truth"]:
        writer.writerow(["respondent_id", "group"])
        writer.writerows([row["respondent_id"], group] for row, group in rows)
    else:
        writer.writerow(rows[0][0])
        writer.writerows(row.values() for row, _ in rows)


if __name__ == "__main__":
    main()
