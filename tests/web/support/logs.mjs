// Log records as OTLP JSON.
export const logRecord = (millis, body, { severity = 9, trace, span, attributes = {} } = {}) => ({
  timeUnixNano: `${Math.round(millis * 1000)}000`,
  severityNumber: severity,
  severityText: '',
  body: { stringValue: body },
  attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
  ...(trace === undefined ? {} : { traceId: trace }),
  ...(span === undefined ? {} : { spanId: span }),
});

/** Sends records of one service; they are stored, and to be found, when this returns. */
export async function sendLogs(server, service, records) {
  const request = { resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] }, scopeLogs: [{ scope: { name: `${service}.Worker` }, logRecords: records }] }] };
  const response = await fetch(`${server.otlpHttp}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
  const body = await response.text();
  if (response.status !== 200 || body !== '{}') throw new Error(`the server did not take the logs: ${response.status} ${body}`);
}
