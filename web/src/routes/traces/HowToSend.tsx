import type { ServerConfig } from '../../model/server';
import { Icon } from '../../ui/Icon';

/** What a service needs so that its spans come here, with this server's real address. */
export function HowToSend({ config, copy }: { readonly config: ServerConfig; readonly copy: (text: string) => void }) {
  const lines = `OTEL_EXPORTER_OTLP_ENDPOINT=${config.otlpHttp}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nOTEL_SERVICE_NAME=my-service`;
  return (
    <section className="send">
      <div className="line">
        <h4 className="strong grow">How to send</h4>
        <button type="button" className="btn ghost" onClick={() => copy(lines)}>
          <Icon name="copy" />
          Copy
        </button>
      </div>
      <p className="f2">Set these for any service with an OpenTelemetry SDK; over gRPC use {config.otlpGrpc} and protocol grpc. ./run starts a pipeline that sends by itself.</p>
      <pre className="mono">{lines}</pre>
    </section>
  );
}
