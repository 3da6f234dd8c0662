// The families of metrics that are looked up, not counted.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "api/metrics/metrics.h"

namespace samcache {

std::vector<prometheus::MetricFamily> sampled_families(const ServiceSample& sample);
// Of this process, under the names that Prometheus' own clients use.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace samcache
