/* Everything libkmseg offers, in the order of a run. */
#ifndef KMSEG_KMSEG_H
#define KMSEG_KMSEG_H

#include <kmseg/arrow.h>
#include <kmseg/choose.h>
#include <kmseg/cluster.h>
#include <kmseg/clv.h>
#include <kmseg/context.h>
#include <kmseg/crm.h>
#include <kmseg/customer.h>
#include <kmseg/evaluate.h>
#include <kmseg/explain.h>
#include <kmseg/inspect.h>
#include <kmseg/join.h>
#include <kmseg/option.h>
#include <kmseg/pipeline.h>
#include <kmseg/plan.h>
#include <kmseg/prepare.h>
#include <kmseg/privacy.h>
#include <kmseg/profile.h>
#include <kmseg/report.h>
#include <kmseg/rules.h>
#include <kmseg/run.h>
#include <kmseg/source.h>
#include <kmseg/status.h>
#include <kmseg/steps.h>
#include <kmseg/store.h>
#include <kmseg/table.h>
#include <kmseg/tiles.h>
#include <kmseg/tree.h>
#include <kmseg/value.h>
#include <kmseg/version.h>

#endif
