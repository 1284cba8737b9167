/* Finding the columns of an order log by the names that shops give them. */
#include "customer/orders.h"

#include "base/text.h"

#include <string.h>

/* Names are compared without case, spaces, '_', '-' and '.'; the first of a list that is there
 * wins, so the surer names come first. */
static const char *const customer_names[] = {"customer_unique_id",
                                             "customer_id",
                                             "customer",
                                             "customer_no",
                                             "customer_number",
                                             "customer_code",
                                             "customer_key",
                                             "cust_id",
                                             "cust_no",
                                             "cust",
                                             "client_id",
                                             "client_no",
                                             "client",
                                             "user_id",
                                             "user",
                                             "member_id",
                                             "member_no",
                                             "member",
                                             "household_id",
                                             "household_key",
                                             "household",
                                             "buyer_id",
                                             "buyer",
                                             "shopper_id",
                                             "account_id",
                                             "account_no",
                                             "account",
                                             "contact_id",
                                             "visitor_id",
                                             "loyalty_id",
                                             "card_id",
                                             "card_no",
                                             "customer_email",
                                             "email",
                                             "customer_name",
                                             "客户ID",
                                             "客户编号",
                                             "客户号",
                                             "客户代码",
                                             "客户",
                                             "会员ID",
                                             "会员编号",
                                             "会员卡号",
                                             "会员号",
                                             "会员",
                                             "用户ID",
                                             "用户编号",
                                             "用户",
                                             "顾客ID",
                                             "顾客编号",
                                             "顾客",
                                             "买家ID",
                                             "买家昵称",
                                             "买家",
                                             "kunden_id",
                                             "kundennummer",
                                             "kundennr",
                                             "kunde",
                                             "id_cliente",
                                             "cliente",
                                             "id_client",
                                             "klant_id",
                                             "klantnummer",
                                             NULL};
static const char *const date_names[] = {"order_date",
                                         "order_time",
                                         "order_timestamp",
                                         "order_datetime",
                                         "order_purchase_timestamp",
                                         "invoice_date",
                                         "invoice_time",
                                         "transaction_date",
                                         "transaction_time",
                                         "transaction_timestamp",
                                         "transaction_datetime",
                                         "trans_date",
                                         "trans_time",
                                         "purchase_date",
                                         "purchase_time",
                                         "purchase_timestamp",
                                         "sale_date",
                                         "sales_date",
                                         "receipt_date",
                                         "payment_date",
                                         "paid_at",
                                         "processed_at",
                                         "created_at",
                                         "ordered_at",
                                         "purchased_at",
                                         "date_time",
                                         "timestamp",
                                         "event_time",
                                         "date",
                                         "day",
                                         "time",
                                         "下单时间",
                                         "下单日期",
                                         "订单日期",
                                         "订单时间",
                                         "交易日期",
                                         "交易时间",
                                         "购买日期",
                                         "购买时间",
                                         "消费日期",
                                         "消费时间",
                                         "付款时间",
                                         "支付时间",
                                         "日期",
                                         "时间",
                                         "bestelldatum",
                                         "rechnungsdatum",
                                         "kaufdatum",
                                         "datum",
                                         "fecha_pedido",
                                         "fecha",
                                         "date_commande",
                                         NULL};
static const char *const order_names[] = {"order_id",
                                          "order_no",
                                          "order_number",
                                          "order_code",
                                          "invoice_id",
                                          "invoice_no",
                                          "invoice_number",
                                          "invoice",
                                          "basket_id",
                                          "basket",
                                          "transaction_id",
                                          "transaction_no",
                                          "transaction_number",
                                          "trans_id",
                                          "receipt_id",
                                          "receipt_no",
                                          "receipt_number",
                                          "receipt",
                                          "ticket_id",
                                          "ticket_no",
                                          "bill_id",
                                          "bill_no",
                                          "sale_id",
                                          "sales_id",
                                          "purchase_id",
                                          "cart_id",
                                          "check_id",
                                          "order",
                                          "订单ID",
                                          "订单编号",
                                          "订单号",
                                          "交易编号",
                                          "交易号",
                                          "小票号",
                                          "单号",
                                          "bestellnummer",
                                          "rechnungsnummer",
                                          "auftragsnummer",
                                          "id_pedido",
                                          "id_commande",
                                          NULL};
static const char *const amount_names[] = {"line_amount",  "line_total",    "sales_value",
                                           "sales_amount", "sale_amount",   "net_amount",
                                           "net_sales",    "order_amount",  "transaction_amount",
                                           "trans_amount", "tran_amount",   "purchase_amount",
                                           "total_amount", "amount",        "revenue",
                                           "sales",        "order_value",   "order_total",
                                           "total_price",  "price_total",   "total",
                                           "subtotal",     "dollar_value",  "dollars",
                                           "spend",        "amount_spent",  "spent",
                                           "turnover",     "payment_value", "payment_amount",
                                           "gmv",          "value",         "实付金额",
                                           "支付金额",     "订单金额",      "交易金额",
                                           "消费金额",     "销售金额",      "销售额",
                                           "总金额",       "总价",          "金额",
                                           "betrag",       "umsatz",        "gesamtpreis",
                                           "importe",      "montant",       NULL};
static const char *const quantity_names[] = {"quantity",
                                             "qty",
                                             "order_quantity",
                                             "order_qty",
                                             "quantity_ordered",
                                             "quantity_sold",
                                             "units",
                                             "units_sold",
                                             "n_items",
                                             "num_items",
                                             "item_count",
                                             "number_of_items",
                                             "number_of_cds",
                                             "items",
                                             "pieces",
                                             "count",
                                             "购买数量",
                                             "商品数量",
                                             "数量",
                                             "件数",
                                             "menge",
                                             "anzahl",
                                             "cantidad",
                                             "quantite",
                                             NULL};
static const char *const price_names[] = {
    "unit_price",    "price_per_unit", "item_price",  "price_each",
    "selling_price", "sale_price",     "sales_price", "product_price",
    "price",         "单价",           "价格",        "售价",
    "einzelpreis",   "stueckpreis",    "preis",       "precio_unitario",
    "precio",        "prix_unitaire",  "prix",        NULL};
static const char *const product_names[] = {
    "product_id", "product_code", "product_no",    "product_key",
    "stock_code", "sku",          "sku_id",        "item_id",
    "item_code",  "item_no",      "article_id",    "article_no",
    "upc",        "product",      "product_name",  "item",
    "article",    "description",  "商品ID",        "商品编号",
    "商品编码",   "商品",         "产品ID",        "产品编号",
    "产品",       "商品名称",     "artikelnummer", "artikel",
    "produkt",    "producto",     "produit",       NULL};
static const char *const category_names[] = {"category",
                                             "product_category",
                                             "product_category_name",
                                             "category_name",
                                             "category_id",
                                             "category_code",
                                             "item_category",
                                             "department",
                                             "dept",
                                             "product_type",
                                             "product_line",
                                             "product_group",
                                             "commodity",
                                             "商品类别",
                                             "商品分类",
                                             "产品类别",
                                             "品类",
                                             "类别",
                                             "分类",
                                             "kategorie",
                                             "warengruppe",
                                             "categoria",
                                             "categorie",
                                             NULL};
static const char *const channel_names[] = {"channel",
                                            "sales_channel",
                                            "order_channel",
                                            "purchase_channel",
                                            "channel_name",
                                            "platform",
                                            "销售渠道",
                                            "渠道",
                                            "平台",
                                            "kanal",
                                            "vertriebskanal",
                                            "canal",
                                            NULL};
static const char *const discount_names[] = {
    "discount", "discount_amount", "discount_value", "total_discount", "retail_disc", "折扣金额",
    "优惠金额", "rabatt",          "descuento",      "remise",         NULL};

static const char *const buyer_names[] = {"buyer_id",   "buyer",         "contact_id",  "contact",
                                          "ordered_by", "contact_email", "buyer_email", "requester",
                                          "besteller",  "采购员",        "comprador",   "acheteur",
                                          NULL};

typedef struct column_kind {
    const char *option;
    size_t offset; /* of the name in kmseg_features_options */
    const char *const *names;
} column_kind;

#define KIND(field)                                                                                \
    { #field, offsetof(kmseg_features_options, field), field##_names }

static const column_kind kinds[] = {KIND(customer), KIND(date),     KIND(order),   KIND(amount),
                                    KIND(quantity), KIND(price),    KIND(product), KIND(category),
                                    KIND(channel),  KIND(discount), KIND(buyer)};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const char **name_of(const column_kind *kind, kmseg_features_options *options) {
    return (const char **)(void *)((char *)options + kind->offset);
}

/* A column serves one purpose only: the one that the user gave it, else the first to find it. */
static int taken(const char *column, kmseg_features_options *options) {
    for (int k = 0; k < N_KINDS; k++) {
        const char *name = *name_of(&kinds[k], options);
        if (name != NULL && strcmp(name, column) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *find(const column_kind *kind, const kmseg_table *columns,
                        kmseg_features_options *options) {
    for (const char *const *name = kind->names; *name != NULL; name++) {
        for (int32_t i = 0; i < columns->n_columns; i++) {
            const char *column = columns->columns[i].name;
            if (km_same_name(column, *name) && !taken(column, options)) {
                return column;
            }
        }
    }
    return NULL;
}

static int given(const char *name) { return name != NULL && name[0] != '\0'; }

kmseg_status kmseg_features_find_columns(kmseg_context *ctx, const kmseg_table *columns,
                                         kmseg_features_options *options) {
    kmseg_features_options found = *options;
    for (int k = 0; k < N_KINDS; k++) {
        const char *name = *name_of(&kinds[k], &found);
        if (given(name) && kmseg_table_find(columns, name) < 0) {
            return km_fail_prefix(ctx, km_table_fail_no_column(ctx, columns, name), "--%s",
                                  kinds[k].option);
        }
    }
    for (int k = 0; k < N_KINDS; k++) {
        const char **name = name_of(&kinds[k], &found);
        if (*name == NULL) {
            *name = find(&kinds[k], columns, &found);
        }
    }
    char names[600];
    km_table_names(columns, names, sizeof names);
    if (!given(found.customer)) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "no customer column found; name it with --customer. The columns are %s",
                       names);
    }
    if (!given(found.date)) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "no date column found; name it with --date. The columns are %s", names);
    }
    if (!given(found.amount) && !given(found.price)) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "no column with a value found; name it with --amount, or with --quantity "
                       "and --price. The columns are %s",
                       names);
    }
    *options = found;
    return KMSEG_OK;
}
