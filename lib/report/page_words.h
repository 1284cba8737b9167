/* Every sentence of a report, in each of its languages: one row a sentence, {0}, {1}, ... are filled in.
 * A row cannot lack a language; tests walk the rows for holes that differ. */
#ifndef KM_REPORT_PAGE_WORDS_H
#define KM_REPORT_PAGE_WORDS_H

#include "base/registry.h"

#include <kmseg/profile.h>

typedef enum km_language { KM_ENGLISH_LANGUAGE, KM_CHINESE, KM_N_LANGUAGES } km_language;

/* clang-format off */
#define KM_PAGE_WORDS(X) \
  /* ---- frame ---- */ \
  X(TITLE, "Customer segments", "客户细分报告") \
  X(SKIP, "Skip to the content", "跳到正文") \
  X(CONTENTS, "Contents", "目录") \
  X(TABLE_OF_CHART, "The same as a table", "以表格查看") \
  X(CHART_KEYS, "Arrow keys go through the values.", "可用方向键逐项查看数值。") \
  X(NO_CHARTS, "This page was made by a build of kmseg without charts; the tables hold the same numbers.", "本页由不含图表的 kmseg 构建生成；表格中的数字是完整的。") \
  X(MADE_BY, "Made by kmseg {0}. The page is complete in itself: it loads nothing and sends nothing.", "由 kmseg {0} 生成。本页自成一体：不加载任何外部内容，也不发送任何数据。") \
  X(HIDDEN, "few", "过少") \
  X(WITHHELD, "not shown", "不显示") \
  X(AT_LEAST, "\u2265 {0}", "\u2265 {0}") \
  X(SPACE, " ", "") \
  X(HIDDEN_SEGMENT, "This segment has fewer than {0} customers; nothing more is said of it, so that no one can be recognised.", "该细分的客户少于 {0} 人；为避免识别到个人，此处不再描述。") \
  X(SEGMENT, "Segment", "细分") \
  X(ALL_CUSTOMERS, "all customers", "全体客户") \
  X(ALL, "all", "全体") \
  X(CUSTOMERS, "Customers", "客户数") \
  X(SHARE_OF_CUSTOMERS, "Share of customers", "客户占比") \
  X(SHARE_OF_VALUE, "Share of {0}", "{0}占比") \
  X(PER_CUSTOMER, "Per customer", "人均") \
  X(COUNT_AND_SHARE, "{0} ({1})", "{0} ({1})") \
  X(COLUMN, "Column", "列") \
  X(UNIT, "Unit", "单位") \
  X(ENGLISH_FOLLOWS, "As the program noted it:", "以下为程序记录的英文原文：") \
  X(COMMA, ", ", "，") \
  X(LIST_COMMA, ", ", "、") \
  X(STOP, ".", "。") \
  /* ---- summary ---- */ \
  X(SUMMARY, "At a glance", "概览") \
  X(LEAD, "{0} customers in {1} segments.", "{0} 位客户，分为 {1} 个细分。") \
  X(LEAD_VALUE, "Segment {0}, {1}, is {2} of customers and {3} of {4}.", "细分 {0}（{1}）占客户的 {2}，占{4}的 {3}。") \
  X(LEAD_LARGEST, "The largest is segment {0}, {1}, with {2} of customers.", "最大的是细分 {0}（{1}），占客户的 {2}。") \
  X(QUALITY_STRONG, "The segments are clearly apart (silhouette {0}, strong).", "各细分区分清楚（轮廓系数 {0}，强）。") \
  X(QUALITY_REASONABLE, "The segments are reasonably apart (silhouette {0}).", "各细分区分尚可（轮廓系数 {0}，中等）。") \
  X(QUALITY_WEAK, "The segments shade into each other (silhouette {0}, weak): a customer near a border could as well be in the next one. They are a way to divide the work, not natural kinds.", "各细分之间逐渐过渡（轮廓系数 {0}，弱）：靠近边界的客户归入相邻细分也说得通。应把它们当作分工的办法，而不是天然的类别。") \
  X(QUALITY_NONE, "The segments hardly stand apart (silhouette {0}, no substantial structure): they cut a continuum, and where the cuts lie is partly arbitrary.", "各细分几乎没有分开（轮廓系数 {0}，无明显结构）：它们只是切分了一个连续体，切在哪里带有任意性。") \
  X(APART_BY, "Apart by", "特点") \
  X(NOT_APART, "its customers are much like all the others", "与其他客户差别不大") \
  X(ACTION, "Action", "行动") \
  X(SUGGESTED, "Suggested", "建议") \
  X(BUDGET, "Share of the budget", "预算占比") \
  X(SUGGESTED_NAME, "Suggested name", "系统建议名称") \
  X(SHARES_CHART, "Customers and value by segment", "各细分的客户与价值") \
  X(SHARES_LABEL, "Bars: for each of the {0} segments its share of customers, and of the value.", "条形图：{0} 个细分各自的客户占比与价值占比。") \
  X(SUGGEST_KEEP, "Keep them: they are worth {0} times the average customer. Personal service and early access rather than discounts.", "重点维护：人均价值为平均的 {0} 倍。宜用专属服务与优先权益，少用折扣。") \
  X(SUGGEST_WIN_BACK, "Win them back: worth {0} times the average customer, and absent for longer than {1} of customers. A personal contact is worth its cost here.", "优先挽回：人均价值为平均的 {0} 倍，但未购买的时间比 {1} 的客户更长。值得投入人工联系。") \
  X(SUGGEST_REAWAKEN, "Try to reawaken them at low cost: absent for longer than {1} of customers, and worth {0} of the average customer. Stop when nothing comes back.", "低成本唤醒：未购买的时间比 {1} 的客户更长，人均价值为平均的 {0}。没有反应即停止投入。") \
  X(SUGGEST_DEVELOP, "Develop them: they bought lately, and are worth {0} of the average customer. A reason for the next order soon after the last.", "着力培养：近期有购买，人均价值为平均的 {0}。在上次购买后不久给出再次购买的理由。") \
  X(SUGGEST_GROW, "Grow them if it pays: worth {0} of the average customer. Test an offer on a part of them first.", "有回报再投入：人均价值为平均的 {0}。先对一部分客户测试。") \
  X(SUGGEST_HOLD, "Hold them: close to the average customer in value. Regular contact; watch which way they move.", "保持联系：价值接近平均水平。常规触达，观察走向。") \
  X(SUGGESTIONS_NOTE, "Suggestions follow from value per customer and recency by a fixed rule, not from what has worked. Your own actions take their place: kmseg profile --write-labels.", "“建议”由人均价值和最近购买时间按固定规则得出，不代表已被证明有效。可用 kmseg profile --write-labels 写入您自己的行动。") \
  /* ---- data ---- */ \
  X(DATA, "Data, and what was left out", "数据质量与剔除情况") \
  X(DATA_ROWS, "{0} rows of customers were read; {1} were clustered.", "读取客户 {0} 行，参与聚类 {1} 行。") \
  X(DATA_DROPPED, "{0} rows ({1}) were left out because a value was missing that must be there.", "因必需的值缺失而剔除 {0} 行（{1}）。") \
  X(DATA_NOT_DROPPED, "No row was left out.", "没有剔除任何行。") \
  X(DATA_LEVEL, "These are the customers of {0} alone.", "这里只包含 {0} 的客户。") \
  X(DATA_JOINED, "Joined to them: {0}.", "已关联：{0}。") \
  X(DATA_LINES, "{0} order lines were read from {1}; {2} ({3}) count, from {4} to {5}.", "从 {1} 读取订单明细 {0} 行；有效 {2} 行（{3}），时间为 {4} 至 {5}。") \
  X(DATA_ORDERS, "They are {0} orders of {1} customers, {2} in all.", "共 {0} 笔订单、{1} 位客户，合计 {2}。") \
  X(DATA_NETTED, "{0} lines are returns and reduce what their customer spent.", "其中 {0} 行为退货，已从客户消费中扣减。") \
  X(DATA_REFERENCE, "Customers are looked at as of {0}: recency and tenure are counted to that day.", "以 {0} 为基准日：距上次购买天数与客龄均算到这一天。") \
  X(DATA_NO_ORDERS, "The segments were made from a table of customers. What was done to the orders behind it is not in the file of segments.", "细分由客户表生成；订单层面的清洗情况不在细分文件中。") \
  X(REJECTED, "Order lines left out, by rule", "按规则剔除的订单明细") \
  X(RULE, "Rule", "规则") \
  X(LINES, "Lines", "行数") \
  X(SHARE, "Share", "占比") \
  X(REJECTED_MISSING_ID, "no customer", "缺少客户编号") \
  X(REJECTED_UNPARSABLE, "cannot be read", "无法解析") \
  X(REJECTED_DUPLICATE, "exact duplicate", "完全重复") \
  X(REJECTED_RETURN, "return or cancellation", "退货或取消") \
  X(REJECTED_ZERO_PRICE, "without a price", "价格为零") \
  X(REJECTED_OUT_OF_RANGE, "out of range", "数值越界") \
  X(REJECTED_OUTSIDE_PERIOD, "outside the period", "不在所选期间") \
  X(REJECTED_FUTURE_DATE, "dated in the future", "日期在未来") \
  X(MISSING_TABLE, "Missing values in the columns that were clustered on", "参与聚类的列的缺失情况") \
  X(MISSING, "Missing", "缺失") \
  X(FILLED_WITH, "Filled with", "填补方式") \
  X(FILLED_MEDIAN, "median ({0})", "中位数（{0}）") \
  X(FILLED_MODE, "most frequent ({0})", "众数（{0}）") \
  X(FILLED_CONSTANT, "constant ({0})", "常数（{0}）") \
  X(FILLED_DROP, "row left out", "整行剔除") \
  X(NOTHING_MISSING, "No value is missing in the columns that were clustered on.", "参与聚类的各列没有缺失值。") \
  /* ---- method ---- */ \
  X(METHOD, "Method and conventions", "方法与口径") \
  X(METHOD_KMEANS, "Customers were clustered by k-means: each belongs to the segment whose centre is nearest, by squared distance over the prepared columns. Of {0} restarts ({1}) the one of the lowest sum of squared distances was kept; it stopped after {2} iterations: {3}.", "采用 k-means 聚类：每位客户归入中心最近的细分，距离为预处理后各列的平方距离。共 {0} 次重启（{1}），保留平方距离和最小的一次；迭代 {2} 次后停止：{3}。") \
  X(STOP_LABELS, "no customer changed segment", "没有客户再改变归属") \
  X(STOP_TOL, "the centres moved less than the tolerance", "中心移动小于容差") \
  X(STOP_MAX_ITER, "the most iterations allowed, not converged", "达到迭代上限，尚未收敛") \
  X(STOP_OTHER, "{0}", "{0}") \
  X(METHOD_ORDER, "Segments are numbered by mean {0}, highest first.", "细分按{0}均值从高到低编号。") \
  X(METHOD_ORDER_SIZE, "Segments are numbered by size, largest first.", "细分按规模从大到小编号。") \
  X(METHOD_WEIGHT, "Customers count by the column {0}.", "客户按列 {0} 加权。") \
  X(METHOD_MERGED, "{0} segments that were too small were merged into others.", "{0} 个过小的细分已并入其他细分。") \
  X(METHOD_SAME, "The same data, options and seed ({0}) give the same segments to the byte, on any number of threads.", "相同的数据、选项与随机种子（{0}）得到逐字节相同的结果，与线程数无关。") \
  X(PREPARED, "How columns became comparable", "各列如何变得可比") \
  X(TRANSFORM, "Transform", "变换") \
  X(SCALE, "Scale", "缩放") \
  X(WEIGHT, "Weight", "权重") \
  X(OUTPUTS, "Features", "特征数") \
  X(METHOD_MEDIAN, "Medians and quantiles are of type 7. A trait is said where a segment differs by at least a quarter of a standard deviation of all customers.", "中位数与分位数采用第 7 型定义。细分与全体相差至少四分之一个标准差时才列为特点。") \
  X(METHOD_NOTES, "Decisions on the way", "处理过程中的决定") \
  /* ---- choice of k ---- */ \
  X(CHOICE, "Why {0} segments, and how good they are", "为何分为 {0} 个细分，质量如何") \
  X(CHOICE_GIVEN, "{0} segments were asked for. Other numbers were not compared here; kmseg choose-k does that.", "细分数 {0} 由使用者指定，此处没有与其他数目比较；kmseg choose-k 可做比较。") \
  X(CHOICE_RECOMMENDED, "Of the numbers that were compared, {0} is recommended: enough indices favour it, and its segments come back when customers are drawn anew.", "在比较过的数目中推荐 {0}：足够多的指标支持它，且重新抽取客户时这些细分仍会出现。") \
  X(CHOICE_NONE, "No number of segments is clearly best: the indices disagree, or segments do not come back when customers are drawn anew. The closest is {0}.", "没有哪个数目明显最好：各指标不一致，或重新抽取客户后细分不再出现。最接近的是 {0}。") \
  X(CHOICE_OTHER, "This page shows {0}, a decision of the user.", "本页展示 {0} 个，由使用者决定。") \
  X(CHOICE_TAKEN_GAP, "This page shows {0}, taken by a rule for such cases: the gap statistic favours it, and each of its segments comes back.", "本页展示 {0} 个，按此类情形的规则选取：间隔统计量支持它，且每个细分都会再次出现。") \
  X(CHOICE_TAKEN, "This page shows {0}, taken by a rule for such cases: it has most in its favour.", "本页展示 {0} 个，按此类情形的规则选取：支持它的理由最多。") \
  X(CHOICE_CHART, "Indices by number of segments", "各数目的评价指标") \
  X(CHOICE_LABEL, "Lines: each index for {0} to {1} segments; the number shown on this page, {2}, is marked.", "折线图：{0} 至 {1} 个细分的各项指标；本页采用的 {2} 已标出。") \
  X(N_SEGMENTS, "Segments", "细分数") \
  X(EXPLAINED, "Explained", "解释占比") \
  X(SILHOUETTE, "Silhouette", "轮廓系数") \
  X(CALINSKI, "Calinski-Harabasz", "Calinski-Harabasz") \
  X(DAVIES, "Davies-Bouldin", "Davies-Bouldin") \
  X(GAP, "Gap statistic", "Gap 统计量") \
  X(STABILITY, "Least stable", "最低稳定性") \
  X(SMALLEST, "Smallest", "最小细分") \
  X(FAVOURED_BY, "Favoured by", "支持的指标") \
  X(HIGHER_BETTER, "higher is better", "越高越好") \
  X(LOWER_BETTER, "lower is better", "越低越好") \
  X(QUALITY_TABLE, "How good these {0} segments are", "这 {0} 个细分的质量") \
  X(MEASURE, "Measure", "指标") \
  X(VALUE, "Value", "数值") \
  X(MEANING, "What it says", "含义") \
  X(WITH_ERROR, "{0} \u00b1 {1}", "{0} \u00b1 {1}") \
  X(MEANS_SILHOUETTE, "How much closer customers are to their own segment than to the next, from -1 to 1: above 0.25 weak, 0.50 reasonable, 0.70 strong (Kaufman & Rousseeuw 1990). On {0} customers.", "客户离本细分比离相邻细分近多少，-1 至 1：高于 0.25 为弱，0.50 为中等，0.70 为强（Kaufman 与 Rousseeuw 1990）。基于 {0} 位客户。") \
  X(MEANS_EXPLAINED, "Share of the variance of the prepared columns that lies between segments.", "预处理后各列的方差中，位于细分之间的比例。") \
  X(MEANS_CALINSKI, "To compare fits of the same columns: higher is better.", "用于比较同样列的不同结果：越高越好。") \
  X(MEANS_DAVIES, "To compare fits of the same columns: lower is better.", "用于比较同样列的不同结果：越低越好。") \
  X(FIDELITY, "Fidelity of the rules", "规则保真度") \
  X(MEANS_FIDELITY, "Share of customers whose segment the rules on this page give; saying the largest segment of everyone would be right for {0}.", "按本页规则能判对细分的客户比例；若一律判为最大的细分，则为 {0}。") \
  X(STABILITY_TABLE, "Which segments come back when customers are drawn anew", "重新抽取客户后，各细分是否仍会出现") \
  X(STABILITY_ONE, "Stability", "稳定性") \
  X(STABILITY_STABLE, "stable", "稳定") \
  X(STABILITY_VALID, "valid", "可信") \
  X(STABILITY_PATTERN, "a pattern, its members doubtful", "有此趋势，但成员不确定") \
  X(STABILITY_NOT, "do not trust it", "不可信") \
  X(STABILITY_NOTE, "Mean best Jaccard similarity with the clusters of bootstraps: from 0.85 stable, from 0.75 valid, from 0.60 a pattern (Hennig 2007).", "与自助抽样所得聚类的平均最佳 Jaccard 相似度：0.85 起为稳定，0.75 起为可信，0.60 起为趋势（Hennig 2007）。") \
  X(CHOICE_REASONS, "Reasons", "理由") \
  /* ---- map ---- */ \
  X(MAP, "Map of the segments", "细分地图") \
  X(MAP_SAYS, "Customers on the two directions in which they differ most (principal components of the prepared columns). The two show {0} of the differences; segments that lie over each other here may be apart in the other {1}.", "把客户放在差异最大的两个方向上（预处理后各列的主成分）。两个方向合计展示了差异的 {0}；在此重叠的细分，可能在其余 {1} 上是分开的。") \
  X(MAP_ONE, "One column was clustered on, so there is one direction.", "只有一列参与聚类，因此只有一个方向。") \
  X(MAP_AXIS, "Axis {0}: {1} of the differences", "轴 {0}：差异的 {1}") \
  X(MAP_POINTS, "{0} customers, drawn at random, are dots; large marks are the centres.", "随机抽取的 {0} 位客户为小点；大标记为细分中心。") \
  X(MAP_LABEL, "Scatter: {0} customers and the {1} centres on two axes.", "散点图：{0} 位客户与 {1} 个中心在两条轴上的位置。") \
  X(MAP_CENTRES, "Where the centres lie", "各中心的位置") \
  X(MAP_LOADINGS, "What the axes are made of", "两条轴由什么构成") \
  X(MAP_LOADINGS_NOTE, "A loading near 1 or -1: the axis is nearly that column; near 0: it has no part in it.", "载荷接近 1 或 -1：该轴几乎就是这一列；接近 0：与这一列无关。") \
  X(MAP_NONE, "There is no map: the segments have more than 256 features, or the file is of before kmseg had maps.", "没有地图：特征超过 256 个，或文件由尚无地图功能的版本生成。") \
  X(AXIS_SHORT, "Axis {0}", "轴 {0}") \
  X(CENTRE, "centre of segment {0}", "细分 {0} 的中心") \
  /* ---- segments ---- */ \
  X(SEGMENTS, "The segments", "各细分详情") \
  X(SEGMENT_TITLE, "{0}  {1}", "{0}  {1}") \
  X(SEGMENT_SIZE, "{0} customers, {1} of all.", "{0} 位客户，占全体的 {1}。") \
  X(SEGMENT_VALUE, "{0}: {1}, {2} of the total; {3} a customer.", "{0}：{1}，占总额的 {2}；人均 {3}。") \
  X(RULES, "Rule", "规则") \
  X(EVERYONE, "every customer", "每一位客户") \
  X(AND, " and ", " 且 ") \
  X(AND_OF_BOUNDS, " and", " 且") \
  X(HAS, " has ", " 包含 ") \
  X(HAS_NOT, " has not ", " 不包含 ") \
  X(NAME_IN_FILE, "Name in the file", "文件中的列名") \
  X(PSEUDONYMS, "Ids are pseudonyms: whoever has the key can undo them.", "编号为假名：持有密钥者可以还原。") \
  X(RULE_GOOD, "{0} (right for {1} of those it is true of, finds {2} of the segment)", "{0}（符合者中 {1} 属于本细分，覆盖本细分的 {2}）") \
  X(RULE_NONE, "none that is short: its customers are too much like others", "没有简短的规则：这些客户与其他客户太相近") \
  X(RULE_MORE, "Further rules, which find fewer: {0}.", "另有规则 {0} 条，覆盖更少。") \
  X(TYPICAL, "Typical customers", "典型客户") \
  X(TYPICAL_NOTE, "{0}: the real ones nearest to the centre", "{0}：离中心最近的真实客户") \
  X(RANK_CHART, "Where its customers stand among all", "本细分客户在全体中的位置") \
  X(RANK_LABEL, "For each column: the share of all customers with at most the value that 5, 25, 50, 75 and 95 % of segment {0} have.", "每一列：全体客户中，取值不超过细分 {0} 的第 5、25、50、75、95 百分位的比例。") \
  X(RANK_NOTE, "The charts below have one axis for all units: how many of all customers have at most a value. The dot is the median of the segment, the thick bar its middle half, the thin one 5 to 95 %; the grey band is the middle half of all customers. On the right stands the median, and behind it that of all.", "下列图表用同一条轴表示所有单位：全体客户中不超过某值的比例。圆点为本细分的中位数，粗条为中间一半，细条为 5 至 95 %；灰色带为全体客户的中间一半。右侧为中位数，括号内为全体的中位数。") \
  X(RANK_AXIS, "share of all customers with at most this", "全体客户中不超过此值的比例") \
  X(MEDIAN, "Median", "中位数") \
  X(MEDIAN_ALL, "Median of all", "全体中位数") \
  X(MIDDLE_HALF, "Middle half", "中间一半") \
  X(MOST, "5 to 95 %", "5 至 95 %") \
  X(MEAN, "Mean", "均值") \
  X(MEAN_ALL, "Mean of all", "全体均值") \
  X(RANGE, "{0} to {1}", "{0} 至 {1}") \
  X(LEVELS_CHART, "What is more or less frequent in it", "较全体更多或更少的类别") \
  X(LEVELS_LABEL, "Bars: the share of segment {0} and of all customers at each level.", "条形图：各类别在细分 {0} 与全体客户中的占比。") \
  X(LEVELS_KNOWN, "Not known of everyone in the segment; shares are of those of whom it is: {0}.", "并非本细分的每位客户都有此信息，占比只按有信息者计算：{0}。") \
  X(KNOWN_OF, "{0} of {1}", "{0} {1}") \
  X(LEVEL, "Level", "类别") \
  X(IN_SEGMENT, "in the segment", "本细分") \
  X(OF_ALL, "of all customers", "全体客户") \
  X(CLUSTERED, "clustered on", "参与聚类") \
  X(ALL_OF, " (all: {0})", "（全体：{0}）") \
  X(ON_AVERAGE, "{0} on average", "平均 {0}") \
  /* ---- classes ---- */ \
  X(RFM, "Recency, frequency and monetary", "RFM：最近购买、频率与金额") \
  X(RFM_SAYS, "Customers scored 1 to {0} by days since the last order, number of orders, and spend ({1}). {0} is best.", "按距上次购买天数、订单数与消费额给客户打 1 至 {0} 分（{1}），{0} 最好。") \
  X(RFM_CHART, "Customers by score of recency and frequency", "按最近购买与频率得分的客户数") \
  X(RFM_LABEL, "Grid of {0} by {0} cells: how many customers have each score of recency and of frequency.", "{0} × {0} 网格：各最近购买得分与频率得分的客户数。") \
  X(RFM_RECENCY, "Recency {0}", "最近购买 {0}") \
  X(RFM_FREQUENCY, "Frequency {0}", "频率 {0}") \
  X(RFM_SEGMENTS, "RFM segments", "RFM 分群") \
  X(TIERS, "Tiers of value", "价值层级") \
  X(TIERS_SAYS, "Customers ranked by {0} and cut into tiers ({1}).", "按{0}排序后划分层级（{1}）。") \
  X(LIFECYCLE, "Lifecycle", "生命周期") \
  X(LIFECYCLE_SAYS, "Stages follow from the days between orders that are usual here: a warning after {0} days without an order, lost after {1}.", "阶段依据本数据常见的下单间隔：{0} 天未下单为预警，{1} 天为流失。") \
  X(GROUPS_TABLE, "{0} by customers and value", "{0}：客户与价值") \
  X(REVENUE, "Revenue", "收入") \
  X(REVENUE_SHARE, "Share of revenue", "收入占比") \
  X(MEAN_RECENCY, "Mean days since", "平均距上次购买天数") \
  X(MEAN_FREQUENCY, "Mean orders", "平均订单数") \
  X(MEAN_MONETARY, "Mean spend", "平均消费") \
  X(CLASS_CHART, "{0} in each segment", "各细分中的{0}") \
  X(CLASS_LABEL, "Stacked bars: for each segment the share of its customers in each class.", "堆叠条形图：各细分中每一类客户的占比。") \
  X(CONVENTIONS, "Conventions", "口径") \
  X(CLV, "What customers will be worth", "客户未来价值") \
  X(CLV_SAYS, "Expected over {0} months, discounted by {1} a month: {2} purchases and {3} in all, by the models {4} and {5}.", "未来 {0} 个月的预期（月折现率 {1}）：共 {2} 次购买、价值 {3}，模型为 {4} 与 {5}。") \
  X(CLV_CORRELATED, "Frequent buyers spend more or less an order than others (correlation {0}), which the model of spend takes to be 0: read the values with care.", "购买次数与单次金额相关（{0}），而消费模型假定无关：请谨慎解读。") \
  X(CLV_TABLE, "Means by segment", "各细分均值") \
  X(NOT_COMPUTED, "Not on this page", "本页未包含") \
  X(NOT_COMPUTED_SAYS, "Not computed, or not kept in the file of segments: {0}. kmseg run computes all of them.", "未计算或未保存在细分文件中：{0}。kmseg run 会计算全部内容。") \
  X(NOT_RFM, "the RFM grid", "RFM 网格") \
  X(NOT_TIERS, "tiers of value", "价值层级") \
  X(NOT_LIFECYCLE, "the lifecycle", "生命周期") \
  X(NOT_CLV, "lifetime value", "客户终身价值") \
  X(NOT_CHOICE, "the comparison of other numbers of segments", "其他细分数目的比较") \
  /* ---- limits ---- */ \
  X(LIMITS, "Limits and privacy", "局限与隐私") \
  X(LIMITS_TITLE, "What this does not show", "不能说明什么") \
  X(LIMIT_ALWAYS, "k-means finds segments in any data, also where there are none. Whether these stand apart is what the silhouette and the stability say.", "k-means 在任何数据中都会给出细分，即使并不存在。是否真正分开，要看轮廓系数与稳定性。") \
  X(LIMIT_COLUMNS, "Segments are alike in the columns that were clustered on, and may differ in everything else.", "同一细分的客户只在参与聚类的列上相似，其他方面可能差异很大。") \
  X(LIMIT_PAST, "All numbers are of the past. That a segment was worth much does not say that an action on it will pay: test it against a group that does not get it.", "所有数字都是过去的。某细分过去价值高，并不说明针对它的行动会有回报：请与未采取行动的对照组比较。") \
  X(LIMIT_RULES, "Rules are short descriptions, right for {0} of customers. The segment of a customer is the one in the file, not the one that a rule gives.", "规则是简短的描述，对 {0} 的客户判断正确。客户的细分以文件为准，而非规则。") \
  X(LIMIT_MEAN, "Medians and means describe a segment, not each of its customers; the ranges show how far they spread.", "中位数与均值描述的是整个细分，而非每位客户；范围显示其分散程度。") \
  X(PRIVACY_TITLE, "Privacy", "隐私") \
  X(PRIVACY_CELLS, "Counts of 1 to {0} customers are hidden (few); where one could be worked out from the others, the next smallest is not shown either, or only as a bound. Averages and quantiles are shown only where enough customers are behind them, and no smallest or largest value is shown.", "客户数为 1 至 {0} 的单元格不显示（过少）；若可由其他数字推出，则其余最小的一项也不显示，或只给出下限。均值与分位数只在背后客户足够多时显示，最小值与最大值一律不显示。") \
  X(PRIVACY_ALL_CELLS, "No count is hidden, however small: the page was made with --min-cell 1.", "没有隐藏任何数字，无论多小：本页以 --min-cell 1 生成。") \
  X(PRIVACY_IDS, "The page names {0} customers by their id, as examples. --drop-ids leaves them out.", "本页以编号列出 {0} 位客户作为示例；--drop-ids 可去掉。") \
  X(PRIVACY_NO_IDS, "No customer is named on this page.", "本页没有列出任何客户编号。") \
  X(PRIVACY_POINTS, "Each dot on the map is a customer without an id, at rounded coordinates.", "地图上的每个点是一位不带编号的客户，坐标已取整。") \
  X(PRIVACY_NOT, "This is not anonymous data in the sense of the law: who knows a customer well may recognise their segment. Give the page to those who may see figures of customers.", "这不是法律意义上的匿名数据：熟悉某位客户的人仍可能认出其所在细分。请只提供给有权查看客户数据的人。") \
  X(PRIVACY_OFFLINE, "The page loads nothing, stores nothing and sends nothing; its security policy forbids it.", "本页不加载、不存储、不发送任何内容，其安全策略也禁止这样做。")
/* clang-format on */

typedef enum km_word {
#define KM_WORD_KEY(key, english, chinese) KM_W_##key,
    KM_PAGE_WORDS(KM_WORD_KEY)
#undef KM_WORD_KEY
        KM_N_WORDS
} km_word;

const char *km_words(km_language language, km_word word);
/* "TITLE", for messages of tests. */
const char *km_word_name(km_word word);

/* Registry "report_languages": "en", "zh". */
extern const km_registry km_report_languages;

/* The tag of HTML, "en" or "zh-CN". */
const char *km_language_tag(km_language language);

/* Names of usual columns, units and classes in a language, for instance "days since last order"; text
 * itself where it is not known. NULL for column: there is none of that name. */
const char *km_column_label(km_language language, const char *column);
const char *km_unit_label(km_language language, const char *unit);
const char *km_level_label(km_language language, const char *level);
/* Where a level stands in its usual order: stages by life, RFM segments from the best; INT32_MAX where
 * it is not known. */
int32_t km_level_place(const char *level);

#endif
