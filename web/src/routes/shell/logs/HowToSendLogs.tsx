import { useQuery } from '@tanstack/react-query';
import { configQuery } from '../../../api/queries';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useToasts } from '../../../ui/toasts';

/** What to switch on so that a service's logs come here, with this server's real address. */
export function HowToSendLogs() {
  const config = useQuery(configQuery);
  const toasts = useToasts();
  if (config.data === undefined) return null;
  const lines = `OTEL_LOGS_EXPORTER=otlp\nOTEL_EXPORTER_OTLP_ENDPOINT=${config.data.otlpHttp}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
  return (
    <section className="send" aria-label="How to send logs">
      <div className="line">
        <h4 className="strong grow">How to send logs</h4>
        <button type="button" className="btn ghost" onClick={() => void copyText(lines, 'Copied. Set these where your service starts.', toasts)}>
          <Icon name="copy" />
          Copy
        </button>
      </div>
      <p className="f2">
        Set these for a service with an OpenTelemetry SDK whose logger is bridged to it; over gRPC use {config.data.otlpGrpc} and protocol grpc. A log line that is written while a span is current carries its trace and span id, and is found from the span. A collector with a filelog receiver sends the logs of
        everything else: those are found by service and time.
      </p>
      <pre className="mono">{lines}</pre>
    </section>
  );
}
