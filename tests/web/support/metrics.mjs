// Writes metrics as OTLP JSON. Times are milliseconds after the trace's start.

const nano = (millis) => String(BigInt(Math.round(millis * 1000)) * 1000n);
const texts = (map = {}) => Object.entries(map).map(([key, stringValue]) => ({ key, value: { stringValue } }));

/** `metrics`: { name, unit, attributes, points: [[millis, value]], sum: 'cumulative' }; a sum grows. */
export function metricRequest(service, startMillis, metrics) {
  return {
    resourceMetrics: [
      {
        resource: { attributes: texts({ 'service.name': service, 'service.instance.id': `${service}-1` }) },
        scopeMetrics: [
          {
            scope: { name: service },
            metrics: metrics.map(({ name, unit = '1', attributes, points, sum }) => {
              const dataPoints = points.map(([at, value]) => ({ timeUnixNano: nano(startMillis + at), startTimeUnixNano: nano(startMillis - 3_600_000), asDouble: value, attributes: texts(attributes) }));
              return { name, unit, ...(sum === undefined ? { gauge: { dataPoints } } : { sum: { dataPoints, isMonotonic: true, aggregationTemporality: 2 } }) };
            }),
          },
        ],
      },
    ],
  };
}

/** Points every second over a time, of a function of the second. */
export const every = (from, to, value) => Array.from({ length: to - from + 1 }, (_, index) => [(from + index) * 1000, value(from + index)]);
