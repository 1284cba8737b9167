#include "report/page_words.h"

#include "base/text.h"

#include <string.h>

static const char *const words[KM_N_WORDS][KM_N_LANGUAGES] = {
#define KM_WORD_ROW(key, english, chinese) {english, chinese},
    KM_PAGE_WORDS(KM_WORD_ROW)
#undef KM_WORD_ROW
};

static const char *const names[KM_N_WORDS] = {
#define KM_WORD_NAME(key, english, chinese) #key,
    KM_PAGE_WORDS(KM_WORD_NAME)
#undef KM_WORD_NAME
};

const char *km_words(km_language language, km_word word) { return words[word][language]; }
const char *km_word_name(km_word word) { return names[word]; }

static const km_named languages[KM_N_LANGUAGES] = {{"en", "English"}, {"zh", "Chinese"}};

static const km_named *language_at(int32_t i) {
    return i >= 0 && i < KM_N_LANGUAGES ? &languages[i] : NULL;
}

const km_registry km_report_languages = {"report_languages", language_at};

const char *km_language_tag(km_language language) {
    return language == KM_CHINESE ? "zh-CN" : "en";
}

typedef struct label {
    const char *name;
    const char *texts[KM_N_LANGUAGES];
} label;

/* What kmseg features, rfm, tier, lifecycle and clv call their columns. */
static const label columns[] = {
    {"recency", {"days since last order", "距上次购买"}},
    {"frequency", {"orders", "订单数"}},
    {"monetary", {"spend", "消费总额"}},
    {"mean_order_value", {"spend per order", "单均消费"}},
    {"tenure", {"tenure", "客龄"}},
    {"order_days", {"days with an order", "有下单的天数"}},
    {"gap_mean", {"mean days between orders", "平均下单间隔"}},
    {"gap_median", {"days between orders", "下单间隔"}},
    {"trend_spend", {"spend trend (-1 to 1)", "消费趋势（-1 至 1）"}},
    {"trend_gap", {"slowing of orders (-1 to 1)", "下单放缓（-1 至 1）"}},
    {"basket_lines", {"lines per order", "每单行数"}},
    {"basket_items", {"items per order", "每单件数"}},
    {"n_products", {"different products", "不同商品数"}},
    {"n_categories", {"different categories", "不同品类数"}},
    {"return_rate", {"returned lines", "退货行占比"}},
    {"discount_share", {"discount", "折扣占比"}},
    {"weekday_share_monday", {"orders on Monday", "周一下单占比"}},
    {"weekday_share_tuesday", {"orders on Tuesday", "周二下单占比"}},
    {"weekday_share_wednesday", {"orders on Wednesday", "周三下单占比"}},
    {"weekday_share_thursday", {"orders on Thursday", "周四下单占比"}},
    {"weekday_share_friday", {"orders on Friday", "周五下单占比"}},
    {"weekday_share_saturday", {"orders on Saturday", "周六下单占比"}},
    {"weekday_share_sunday", {"orders on Sunday", "周日下单占比"}},
    {"hours_share_night", {"orders at night", "夜间下单占比"}},
    {"hours_share_morning", {"orders in the morning", "上午下单占比"}},
    {"hours_share_afternoon", {"orders in the afternoon", "下午下单占比"}},
    {"hours_share_evening", {"orders in the evening", "晚间下单占比"}},
    {"rfm_segment", {"RFM segment", "RFM 分群"}},
    {"rfm_code", {"RFM code", "RFM 编码"}},
    {"r_score", {"recency score", "最近购买得分"}},
    {"f_score", {"frequency score", "频率得分"}},
    {"m_score", {"monetary score", "金额得分"}},
    {"tier", {"tier", "价值层级"}},
    {"lifecycle", {"lifecycle stage", "生命周期阶段"}},
    {"lifecycle_stage", {"lifecycle stage", "生命周期阶段"}},
    {"clv", {"lifetime value", "客户终身价值"}},
    {"p_alive", {"chance of still being a customer", "仍为客户的概率"}},
    {"churn_risk", {"risk of no purchase", "流失风险"}},
    {"expected_purchases", {"purchases to expect", "预期购买次数"}},
    {"expected_spend", {"spend to expect per purchase", "预期单次消费"}},
};

static const label units[] = {
    {"days", {"days", "天"}},           {"orders", {"orders", "单"}},
    {"order", {"order", "单"}},         {"day", {"day", "天"}},
    {"lines", {"lines", "行"}},         {"items", {"items", "件"}},
    {"products", {"products", "种"}},   {"weeks", {"weeks", "周"}},
    {"months", {"months", "月"}},       {"years", {"years", "年"}},
    {"share", {"share", "占比"}},       {"categories", {"categories", "类"}},
    {"purchases", {"purchases", "次"}},
};

/* Stages, segments of the built-in grid, transforms and scales. */
static const label levels[] = {
    {"potential", {"potential", "潜在客户"}},
    {"new", {"new", "新客户"}},
    {"growing", {"growing", "成长客户"}},
    {"mature", {"mature", "成熟客户"}},
    {"declining", {"declining", "衰退客户"}},
    {"lost", {"lost", "流失客户"}},
    {"Champions", {"Champions", "冠军客户"}},
    {"Loyal", {"Loyal", "忠诚客户"}},
    {"Potential Loyalist", {"Potential Loyalist", "潜在忠诚客户"}},
    {"New", {"New", "新客户"}},
    {"Promising", {"Promising", "有潜力客户"}},
    {"Need Attention", {"Need Attention", "需要关注"}},
    {"About To Sleep", {"About To Sleep", "即将沉睡"}},
    {"At Risk", {"At Risk", "有流失风险"}},
    {"Cannot Lose", {"Cannot Lose", "不可失去"}},
    {"Hibernating", {"Hibernating", "休眠客户"}},
    {"Lost", {"Lost", "已流失"}},
    {"none", {"none", "无"}},
    {"log1p", {"log(1 + x)", "log(1 + x)"}},
    {"yeo-johnson", {"Yeo-Johnson", "Yeo-Johnson"}},
    {"zscore", {"z-score", "z 分数"}},
    {"minmax", {"0 to 1", "0 至 1"}},
    {"robust", {"median and middle half", "中位数与四分位距"}},
    {"onehot", {"one feature per level", "每类一个特征"}},
    {"ordinal", {"place in order", "按顺序"}},
    {"multihot", {"one feature per tag", "每个标签一个特征"}},
    {"binary", {"two values", "二值"}},
    {"all", {"all", "全体"}},
};

static const char *find(const label *rows, size_t n, km_language language, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].texts[language];
        }
    }
    return NULL;
}

#define FIND(rows, language, name) find(rows, sizeof(rows) / sizeof *(rows), language, name)

const char *km_column_label(km_language language, const char *column) {
    return FIND(columns, language, column);
}

const char *km_unit_label(km_language language, const char *unit) {
    const char *text = FIND(units, language, unit);
    return text != NULL ? text : unit;
}

const char *km_level_label(km_language language, const char *level) {
    const char *text = FIND(levels, language, level);
    return text != NULL ? text : level;
}

int32_t km_level_place(const char *level) {
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].name, level) == 0) {
            return (int32_t)i;
        }
    }
    return INT32_MAX;
}
