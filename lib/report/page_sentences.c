/* Sentences that other commands keep in a result, in the language of the page. They are kept in English, as
 * those commands print them; here each has its translation, with the same holes. What is in a hole is a
 * number, a name of the data, or words that are known below. */
#include "report/document_parts.h"

#include <ctype.h>
#include <string.h>

typedef struct sentence {
    const char *texts[KM_N_LANGUAGES];
} sentence;

/* The first that fits is taken. */
static const sentence sentences[] = {
    /* kmseg rfm */
    {{"Scores run from 1 to {0}; {1} is best: the most recent, the most orders, the most spend.",
      "得分从 1 到 {0}，{1} 最好：最近购买、订单最多、消费最多。"}},
    {{"edges: the limits are the type-7 quantiles at 1/{0}, 2/{1}, ...; the score is 1 + the "
      "number of limits "
      "below the value, so that equal values share a score and scores may differ in size.",
      "edges：界限为 1/{0}、2/{1}……处的第 7 型分位数；得分为 1 "
      "加上低于该值的界限个数，因此数值相同则得分相同，"
      "各得分的人数可能不同。"}},
    {{"ntile: customers are ranked, equal values by customer id, and cut into {0} parts of equal "
      "size; what does "
      "not divide goes to the lowest scores. Equal values may have different scores.",
      "ntile：客户按数值排序（相同者按客户编号），切成人数相等的 {0} "
      "份，除不尽的归入最低得分。数值相同，得分可能不同。"}},
    {{"nested: recency by type-7 quantiles of all; frequency by those of the customers of each "
      "recency score; "
      "monetary by those of each pair of recency and frequency scores. Equal values may have "
      "different scores "
      "in different cells.",
      "nested：最近购买按全体的第 7 "
      "型分位数，频率按各最近购买得分内的分位数，金额按各“最近购买与频率”得分组合内的分位数。"
      "数值相同，在不同组合中得分可能不同。"}},
    {{"cuts: limits that were given; the score is 1 + the number of limits below the value.",
      "cuts：界限由使用者给定；得分为 1 加上低于该值的界限个数。"}},
    {{"Monetary is scored as the mean per order: total spend divided by orders.",
      "金额按单均消费打分：消费总额除以订单数。"}},
    {{"Monetary is scored as the total spend of a customer.", "金额按客户的消费总额打分。"}},
    /* kmseg tier */
    {{"abc: customers in descending order of {0}, equal ones by id; tiers end at {1} % of the "
      "total: a customer "
      "is in the first one whose share those before have not reached.",
      "abc：客户按{0}从高到低排列，相同者按编号；层级止于总额的 {1} "
      "%：客户归入第一个尚未被排在其前的客户占满的层级。"}},
    {{"percentile: the limits are the type-7 percentiles {0} of {1}; a customer is in the best "
      "tier whose limit "
      "is below the value, and equal values share a tier.",
      "percentile：界限为{1}的第 {0} 百分位数（第 7 "
      "型）；客户归入界限低于其值的最高层级，数值相同则层级相同。"}},
    {{"thresholds: given in units of {0}; a value that reaches a threshold is above it.",
      "thresholds：界限由使用者按{0}的单位给定；达到界限即算在其上。"}},
    {{"The score is the weighted mean of {0} columns: {1}.", "得分为 {0} 列的加权平均：{1}。"}},
    /* kmseg lifecycle */
    {{"The {0} threshold is {1} days, an estimate of the {2} percentile of the days between "
      "customers' "
      "successive order days, of which there are {3}.",
      "{0}阈值为 {1} 天：客户相邻下单日间隔（共 {3} 个）第 {2} 百分位数的估计值。"}},
    {{"The {0} threshold is {1} days, the {2} percentile (type 7) of the {3} gaps between "
      "customers' successive "
      "order days.",
      "{0}阈值为 {1} 天：客户相邻下单日的 {3} 个间隔的第 {2} 百分位数（第 7 型）。"}},
    {{"The {0} threshold is {1} days, as given.", "{0}阈值为 {1} 天，由使用者给定。"}},
    {{"potential: no order.", "潜在客户：没有订单。"}},
    {{"lost: the last order is longer ago than the lost threshold.",
      "流失客户：距上次下单超过流失阈值。"}},
    {{"declining: longer ago than the warning threshold; or orders get further apart while spend "
      "falls (last half "
      "against first half).",
      "衰退客户：距上次下单超过预警阈值；或下单间隔变长且消费下降（后半段对比前半段）。"}},
    {{"new: orders on one day only, and that not long ago.",
      "新客户：只在一天下过单，且就在不久之前。"}},
    {{"growing: spend rises (last half against first half) and orders do not get further apart.",
      "成长客户：消费上升（后半段对比前半段），且下单间隔没有变长。"}},
    {{"mature: everyone else, regular and recent.",
      "成熟客户：其余客户，下单规律且就在不久之前。"}},
    {{"Trends between -{0} and {1} count as none.", "-{0} 至 {1} 之间的趋势视为没有趋势。"}},
    /* kmseg choose-k */
    {{"against it: {0}", "反对的理由：{0}"}},
    {{"the gap statistic was left out", "没有计算 Gap 统计量"}},
    {{"the gap statistic still rises at {0} segments, the last number looked at",
      "到 {0} 个细分（考察的最大数目）时，Gap 统计量仍在上升"}},
    {{"the gap statistic is {0} for {1}, and {2} +- {3}, no better, for {4}",
      "Gap 统计量在 {1} 个时为 {0}，在 {4} 个时为 {2} ± {3}，并没有更好"}},
    {{"{0} is not defined for these numbers of segments", "{0}对这些细分数目没有定义"}},
    {{"{0} is at most {1}, below the 0.25 under which there is no substantial structure",
      "{0}最高为 {1}，低于 0.25，即没有实质性的结构"}},
    {{"{0} is best, {1}, for {2}, the end of the range: it may get better beyond",
      "{0}在 {2} 个时最好（{1}），但这是范围的尽头：再多可能更好"}},
    {{"{0} is best, {1}, for {2}", "{0}在 {2} 个时最好（{1}）"}},
    {{"inertia falls markedly more slowly beyond {0}",
      "超过 {0} 个之后，平方距离和的下降明显变慢"}},
    {{"inertia has no knee: it falls evenly with every further segment",
      "平方距离和没有拐点：每多一个细分，下降都差不多"}},
    {{"{0} of {1} indices favour {2}: {3}", "{1} 项指标中有 {0} 项支持 {2} 个：{3}"}},
    {{"each of the {0} segments comes back when customers are drawn anew: the lowest mean Jaccard "
      "similarity is "
      "{1}, which is {2}",
      "重新抽取客户后，{0} 个细分都会再次出现：平均 Jaccard 相似度最低为 {1}（{2}）"}},
    {{"{0} of the {1} segments does not come back when customers are drawn anew: the lowest mean "
      "Jaccard "
      "similarity is {2}, and a valid segment has 0.75",
      "重新抽取客户后，{1} 个细分中有 {0} 个不再出现：平均 Jaccard 相似度最低为 "
      "{2}，可信的细分需达到 0.75"}},
    {{"{0} of the {1} segments do not come back when customers are drawn anew: the lowest mean "
      "Jaccard similarity "
      "is {2}, and a valid segment has 0.75",
      "重新抽取客户后，{1} 个细分中有 {0} 个不再出现：平均 Jaccard 相似度最低为 "
      "{2}，可信的细分需达到 0.75"}},
    {{"the smallest has {0} customers, {1} %, fewer than the {2} % asked for",
      "最小的细分有 {0} 位客户（{1} %），少于所要求的 {2} %"}},
    {{"the smallest has {0} customers, {1} %", "最小的细分有 {0} 位客户（{1} %）"}},
    {{"{0} is worth a look too: {1} favours it, and each of its segments comes back (lowest {2})",
      "{0} 个也值得一看：{1}支持它，且每个细分都会再次出现（最低 {2}）"}},
    {{"{0} is worth a look too: {1} favour it, and each of its segments comes back (lowest {2})",
      "{0} 个也值得一看：{1}支持它，且每个细分都会再次出现（最低 {2}）"}},
    {{"{0} is worth a look too: {1} favours it", "{0} 个也值得一看：{1}支持它"}},
    {{"{0} is worth a look too: {1} favour it", "{0} 个也值得一看：{1}支持它"}},
    {{"the gap statistic finds no more grouping in these customers than in customers spread "
      "evenly, so any "
      "segments are cuts through one cloud",
      "Gap 统计量表明，这些客户并不比均匀散布的客户更成群：任何细分都是对一整片客户的切分"}},
    {{"nothing is recommended without the gap statistic, which alone compares with customers that "
      "have no groups",
      "没有 Gap 统计量就不作推荐：只有它与没有群体的客户作比较"}},
    {{"the indices do not agree: a clear number has the gap statistic and two others for it, or "
      "all four others",
      "各指标不一致：明确的数目需要 Gap 统计量和另外两项指标支持，或其余四项全部支持"}},
    /* The prepare step */
    {{"{0} other columns describe customers and are not clustered on; include them by name to use "
      "them",
      "另有 {0} 列只用于描述客户，不参与聚类；要使用，可按名称纳入"}},
    {{"{0}: left out, {1} levels exceed max_levels {2}; include it by name to use it",
      "{0}：未使用，共 {1} 个类别，超过上限 {2}；要使用，可按名称纳入"}},
    {{"{0}: left out, its {1} levels barely repeat; include it by name to use it",
      "{0}：未使用，其 {1} 个类别几乎不重复；要使用，可按名称纳入"}},
    {{"{0}: by its name an outcome; with --exclude {1} segments are not made of it, and are still "
      "described by it",
      "{0}：从名称看是一个结果；用 --exclude {1} 可使其不参与聚类，而仍用于描述细分"}},
    {{"{0}: left out, it is a date; to use it, make a number of it, such as the days since then",
      "{0}：未使用，是日期；要使用，请换成数字，例如距今的天数"}},
    {{"{0}: left out, it has no value in any row", "{0}：未使用，所有行都没有值"}},
    {{"{0}: missing for {1} of {2}; describes segments, makes none (--impute {3}=mode uses it)",
      "{0}：{2} 位客户中 {1} 位缺失；只用于描述细分，不参与聚类（--impute {3}=mode 可使用它）"}},
    {{"{0}: left out, by its name it is a label and not a quantity; include it by name to use it",
      "{0}：未使用，从名称看是标签而不是数量；要使用，可按名称纳入"}},
    {{"{0}: left out, every level of it is rare", "{0}：未使用，所有类别都很少见"}},
    {{"{0}: left out, it has the same value in every row", "{0}：未使用，所有行的值都相同"}},
    {{"{0}: left out, its weight is 0", "{0}：未使用，权重为 0"}},
    {{"{0} of {1} rows left out because a value is missing", "{1} 行中有 {0} 行因缺失值而剔除"}},
    {{"{0}: cells have several tags, each an output of its own: {1} tags, rare ones pooled as "
      "\"other\"",
      "{0}：一个单元格有多个标签，每个标签单独成为一个特征：共 {1} 个，少见的合并为“other”"}},
    {{"{0}: cells have several tags, each an output of its own: {1} tags",
      "{0}：一个单元格有多个标签，每个标签单独成为一个特征：共 {1} 个"}},
    {{"{0}: {1} empty cells count as having no tag", "{0}：{1} 个空单元格视为没有标签"}},
    {{"{0}: {1}, which takes its skew from {2} to {3}", "{0}：取 {1}，偏度由 {2} 变为 {3}"}},
    {{"{0}: yeo-johnson with lambda {1}", "{0}：Yeo-Johnson 变换，lambda 为 {1}"}},
    {{"{0}: two values; a difference counts as one standard deviation, as between two levels of "
      "text",
      "{0}：只有两个值；两者之差算作一个标准差，与文本的两个类别之间相同"}},
    {{"{0}: {1} missing values replaced by the median {2}", "{0}：{1} 个缺失值以中位数 {2} 填补"}},
    {{"{0}: {1} missing values replaced by the most frequent, {2}",
      "{0}：{1} 个缺失值以最常见的值 {2} 填补"}},
    {{"{0}: {1} missing values replaced by the level in the middle, {2}",
      "{0}：{1} 个缺失值以居中的类别 {2} 填补"}},
    {{"{0}: {1} missing values replaced by {2}", "{0}：{1} 个缺失值以 {2} 填补"}},
    {{"{0}: winsorised to {1} to {2}, which moves {3} values",
      "{0}：缩尾到 {1} 至 {2}，移动了 {3} 个值"}},
    {{"{0}: {1} levels of fewer than {2} customers are pooled as \"other\"",
      "{0}：{1} 个不足 {2} 位客户的类别合并为“other”"}},
    {{"{0}: ordered as given, {1}", "{0}：按给定的顺序，{1}"}},
    {{"{0}: ordered, {1}", "{0}：有顺序，{1}"}},
    {{"{0}: scaled by its standard deviation, because the middle half of its values are equal",
      "{0}：按标准差缩放，因为中间一半的值都相同"}},
    {{"group {0}: its {1} columns count together as one number of weight {2} (the default), {3} % "
      "of everything",
      "组 {0}：{1} 列合起来算作一个权重为 {2}（默认）的数，占全部的 {3} %"}},
    {{"group {0}: its {1} columns count together as one number of weight {2}, {3} % of everything",
      "组 {0}：{1} 列合起来算作一个权重为 {2} 的数，占全部的 {3} %"}},
    {{"{0}: names the customer", "{0}：客户编号"}},
    {{"no column names the customer; rows are numbered from 1", "没有客户编号列；各行从 1 起编号"}},
    {{"{0}: a feature says whether it was missing", "{0}：另有一个特征表示是否缺失"}},
};

/* Words of ours that fill a hole. */
static const sentence phrases[] = {
    {{"the gap statistic", "Gap 统计量"}},
    {{"silhouette", "轮廓系数"}},
    {{"Calinski-Harabasz", " Calinski-Harabasz "}},
    {{"Davies-Bouldin", " Davies-Bouldin "}},
    {{"the knee of inertia", "平方距离和的拐点"}},
    {{"warning", "预警"}},
    {{"lost", "流失"}},
    {{"stable", "稳定"}},
    {{"valid", "可信"}},
    {{"each column as the percent of customers that one is better than, equal ones half, so that a "
      "few huge "
      "values do not decide",
      "每列换成优于多少百分比的客户（相同者算一半），以免少数极大值起决定作用"}},
    {{"each column from 0 for its worst value to 100 for its best, so that one huge value brings "
      "everyone else "
      "near to 0",
      "每列从最差值的 0 到最好值的 100，因此一个极大值会使其他人都接近 0"}},
    {{"each column in standard deviations (with n - 1) from its mean",
      "每列换成与均值相差多少个标准差（除以 n - 1）"}},
};

const char *km_page_sentence(int32_t i, km_language language) {
    enum { N = sizeof sentences / sizeof *sentences };
    return i >= 0 && i < N ? sentences[i].texts[language] : NULL;
}

enum { MOST_HOLES = 8 };

typedef struct span {
    const char *text;
    size_t n;
} span;

static int is_hole(const char *c) {
    return c[0] == '{' && c[1] >= '0' && c[1] < '0' + MOST_HOLES && c[2] == '}';
}

/* What stands in the holes of a pattern, if the text is one of it. Holes are numbered in their order, and
 * what is between two is looked for at its first place, at the end at its last. */
static int fits(const char *pattern, const char *text, span holes[MOST_HOLES]) {
    while (*pattern != '\0' && !is_hole(pattern)) {
        if (*pattern++ != *text++) {
            return 0;
        }
    }
    for (int hole = 0; *pattern != '\0'; hole++) {
        pattern += 3;
        size_t n = 0;
        while (pattern[n] != '\0' && !is_hole(pattern + n)) {
            n++;
        }
        size_t left = strlen(text);
        if (left < n) {
            return 0;
        }
        const char *end = pattern[n] == '\0' ? text + left - n : memmem(text, left, pattern, n);
        if (end == NULL || end == text || memcmp(end, pattern, n) != 0) {
            return 0;
        }
        holes[hole] = (span){text, (size_t)(end - text)};
        text = end + n;
        pattern += n;
    }
    return *text == '\0';
}

static const char *phrase(km_document *document, const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (strcmp(phrases[i].texts[KM_ENGLISH_LANGUAGE], text) == 0) {
            return phrases[i].texts[document->language];
        }
    }
    if (n > 2 && isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[n - 3]) &&
        (strcmp(text + n - 2, "th") == 0 || strcmp(text + n - 2, "st") == 0 ||
         strcmp(text + n - 2, "nd") == 0 || strcmp(text + n - 2, "rd") == 0)) {
        return km_print(document, "%.*s", (int)(n - 2), text);
    }
    const char *label = km_column_label(document->language, text);
    return label != NULL ? label : km_level_label(document->language, text);
}

static const char *trimmed(km_document *document, const char *text) {
    size_t n = strlen(text += strspn(text, " "));
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    return km_print(document, "%.*s", (int)n, text);
}

/* "a, b and c", each in words. */
static const char *phrase_list(km_document *document, const char *text) {
    static const char *const between[] = {", ", " and "};
    const char *whole = phrase(document, text);
    for (int i = 0; i < 2 && strcmp(whole, text) == 0; i++) {
        const char *at = strstr(text, between[i]);
        const char *first = at != NULL ? km_print(document, "%.*s", (int)(at - text), text) : text;
        const char *known = phrase(document, first);
        if (at != NULL && strcmp(known, first) != 0) {
            const char *others = phrase_list(document, at + strlen(between[i]));
            return km_print(document, "%s%s%s", trimmed(document, known),
                            km_word_of(document, KM_W_LIST_COMMA), trimmed(document, others));
        }
    }
    return whole;
}

static const char *fill(km_document *document, const char *translation,
                        const span holes[MOST_HOLES]) {
    km_string text;
    km_string_init(&text, &document->arena.allocator);
    for (const char *c = translation; *c != '\0'; c++) {
        if (!is_hole(c)) {
            km_string_add_n(&text, c, 1);
            continue;
        }
        const span *hole = &holes[c[1] - '0'];
        const char *words = km_print(document, "%.*s", (int)hole->n, hole->text);
        const char *whole = km_translate(document, words); /* a sentence in a sentence */
        words = whole != NULL ? whole : phrase_list(document, words);
        km_string_add(&text, words + (text.length == 0 && words[0] == ' '));
        c += 2;
    }
    const char *copy = km_keep(document, &text);
    km_string_free(&text);
    return copy;
}

const char *km_translate(km_document *document, const char *text) {
    span holes[MOST_HOLES];
    if (document->language == KM_ENGLISH_LANGUAGE) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (fits(sentences[i].texts[KM_ENGLISH_LANGUAGE], text, holes)) {
            return fill(document, sentences[i].texts[document->language], holes);
        }
    }
    return NULL;
}
