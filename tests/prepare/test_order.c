#include "prepare/fit.h"
#include "prepare/tables.h"

static kmseg_context *ctx;

static void setup(void) { ctx = test_context(1, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(prepare_order, .init = setup, .fini = teardown);

/* levels, separated by '/', are given from low to high and asked about from high to low. */
static int is_recognised(const char *expected) {
    char text[400];
    snprintf(text, sizeof text, "%s", expected);
    const char *levels[32], *reversed[32];
    int32_t n = 0, order[32];
    for (char *at = strtok(text, "/"); at != NULL; at = strtok(NULL, "/")) {
        levels[n++] = at;
    }
    for (int32_t i = 0; i < n; i++) {
        reversed[i] = levels[n - 1 - i];
    }
    int found;
    OK(ctx, km_recognise_order(ctx, reversed, n, order, &found));
    for (int32_t i = 0; i < n && found; i++) {
        cr_assert_str_eq(reversed[order[i]], levels[i], "%s: place %d", expected, i);
    }
    return found;
}

Test(prepare_order, bands_and_scales_are_recognised_from_low_to_high)
{
    static const char *const known[] = {
        "19-24/25-34/35-44/45-54/55-64/65+",
        "Under 15K/15-24K/25-34K/35-49K/50-74K/75-99K/100-124K/125-149K/150-174K/175-199K/"
        "200-249K/250K+",
        "1/2/3/4/5+",
        "0/1/2/3+",
        "< 10/10 to 20/20 to 30/> 30",
        "$0-$999/$1,000-$4,999/$5,000 or more",
        "up to 1 year/1-2 years/3-5 years/more than 5 years",
        "900-999/1K-9K/10K-1M/2M+",
        "Strongly disagree/Disagree/Neither agree nor disagree/Agree/Strongly agree",
        "never/Rarely/sometimes/OFTEN/always",
        "very_low/low/medium/high/very high",
        "small/medium/large",
        "S/M/L/XL",
        "bronze/silver/gold/platinum",
        "1 - very poor/2 - poor/3 - fair/4 - good/5 - very good",
        "Very dissatisfied/Dissatisfied/Neutral/Satisfied/Very satisfied",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        cr_assert(is_recognised(known[i]), "%s", known[i]);
    }
}

Test(prepare_order, what_only_looks_like_an_order_is_left_alone)
{
    static const char *const unknown[] = {
        "Yes/No",                           /* two levels */
        "00041/00042/00043",                /* codes */
        "1 Adult No Kids/2 Adults Kids/3+", /* words */
        "10-20/15-30/30-40",                /* bands that overlap */
        "10-20/10-20 /30-40",               /* the same band twice */
        "2017-01/2017-02/2017-03",          /* months: 2017 is more than 1 */
        "6 months/2 years/10+ years",       /* two units */
        "030-1234/040-5678/089-9012",       /* telephones: bands that overlap */
        "Month-to-month/One year/Two year",
        "low/medium/unknown",
        "often/frequently/always", /* two words of one step */
        "red/green/blue",
        "-/--/---",
        "10-/20-/30-",
    };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        cr_assert_not(is_recognised(unknown[i]), "%s", unknown[i]);
    }
    char longest[300];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const char *levels[] = {longest, "1", "2+"};
    int32_t order[3];
    int found;
    OK(ctx, km_recognise_order(ctx, levels, 3, order, &found));
    cr_assert_not(found);
    OK(ctx, km_recognise_order(ctx, levels, 0, order, &found));
    cr_assert_not(found);
}
