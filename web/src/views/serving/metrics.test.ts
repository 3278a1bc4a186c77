import assert from "node:assert/strict";
import { test } from "node:test";
import { latencyOf, parseMetrics, quantile } from "./metrics.ts";

const TEXT = `# HELP prediction_requests_total Requests
prediction_requests_total{model="mnist",outcome="answered"} 8.0
prediction_requests_total{model="a \\"b\\"",outcome="answered"} 2.0
prediction_requests_total{model="none",outcome="error"} 1.0
prediction_duration_seconds_bucket{le="0.001"} 5.0
prediction_duration_seconds_bucket{le="0.01"} 10.0
prediction_duration_seconds_bucket{le="+Inf"} 11.0
nonsense`;

test("requests are counted by outcome", () => {
  const latency = latencyOf(parseMetrics(TEXT));
  assert.equal(latency.answered, 10);
  assert.equal(latency.errors, 1);
  assert.equal(latency.p50, 0.01);
  assert.equal(latency.p99, Number.POSITIVE_INFINITY);
});

test("escaped labels are read", () => {
  assert.equal(parseMetrics(TEXT)[1]?.labels.model, 'a "b"');
});

test("without requests there is no latency", () => {
  assert.equal(quantile([], 0.5), null);
  assert.equal(quantile([{ upTo: 1, count: 0 }], 0.5), null);
  assert.equal(latencyOf(parseMetrics("")).answered, 0);
});
