import { useEffect, useRef, useState } from 'react';
import { embedAddress, isProxied } from '../../model/grafana';
import { Icon } from '../../ui/Icon';
import { useTheme } from '../../ui/theme';
import { useRefresh } from '../shell/refresh';

/** How long a dashboard may take to show anything before the page says so. */
export const patienceMillis = 15_000;

type Stage = { readonly kind: 'loading' } | { readonly kind: 'shown' } | { readonly kind: 'late' } | { readonly kind: 'failed'; readonly why: string };

/** Grafana in a frame. A frame of another origin tells nothing but that it loaded, so what does not load in time is said to be late; one that this server passes on can be looked at. */
export function Dashboard({ address }: { readonly address: string }) {
  const theme = useTheme();
  const { tick } = useRefresh();
  const [round, setRound] = useState(0);
  const [stage, setStage] = useState<Stage>({ kind: 'loading' });
  const frame = useRef<HTMLIFrameElement>(null);
  const source = embedAddress(address, theme);

  useEffect(() => {
    setStage({ kind: 'loading' });
    const patience = setTimeout(() => setStage((now) => (now.kind === 'loading' ? { kind: 'late' } : now)), patienceMillis);
    const cancel = new AbortController();
    if (isProxied(address)) void explain(source, cancel.signal).then((why) => why !== null && setStage({ kind: 'failed', why }));
    return () => {
      clearTimeout(patience);
      cancel.abort();
    };
  }, [address, source, tick, round]);

  const waiting = stage.kind === 'loading';
  return (
    <>
      <div className="gbar">
        <span className="trunc f2" title={address}>
          {waiting ? 'Loading the dashboard…' : address}
        </span>
        <span className="grow" />
        <a className="btn" href={address} target="_blank" rel="noopener noreferrer">
          Open in a tab
          <Icon name="external" />
        </a>
      </div>
      {waiting && <div className="gline" role="status" aria-label="Loading the dashboard" />}
      {stage.kind !== 'loading' && stage.kind !== 'shown' && (
        <div className="state" role="alert">
          <h3 className="big">{stage.kind === 'late' ? `Grafana has not answered for ${patienceMillis / 1000} s` : 'The dashboard can’t be shown'}</h3>
          <p className="sub">
            {stage.kind === 'failed' ? stage.why : `The dashboard at ${address} may still come.`} Check that Grafana is running, that <code className="mono opt">--grafana-url</code> is right, and that this browser can reach it.
            {!isProxied(address) && (
              <>
                {' '}
                Grafana must allow embedding (<code className="mono">allow_embedding = true</code>), and a page over https may only embed https: <code className="mono opt">--grafana-proxy</code> does away with both.
              </>
            )}
          </p>
          <div className="acts">
            <button type="button" className="btn primary" onClick={() => setRound((old) => old + 1)}>
              Retry
            </button>
            <a className="btn" href={address} target="_blank" rel="noopener noreferrer">
              Open in a tab
            </a>
          </div>
        </div>
      )}
      {stage.kind !== 'failed' && (
        <iframe
          key={`${tick}-${round}`}
          ref={frame}
          className={stage.kind === 'shown' ? 'gframe' : 'gframe waits'}
          title="Grafana dashboard"
          src={source}
          onLoad={() => setStage((now) => (now.kind === 'failed' ? now : { kind: 'shown' }))}
        />
      )}
    </>
  );
}

/** Why a dashboard that this server passes on does not answer; null when it does. */
async function explain(source: string, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(source, { signal, headers: { accept: 'text/html' } });
    if (response.status < 500 && response.status !== 404) {
      void response.body?.cancel();
      return null;
    }
    const problem: unknown = await response.json().catch(() => null);
    return typeof problem === 'object' && problem !== null && 'detail' in problem && typeof problem.detail === 'string' ? problem.detail : `Grafana answered ${response.status}.`;
  } catch (cause) {
    return signal.aborted ? null : `This server can’t be reached: ${cause instanceof Error ? cause.message : 'the connection was lost'}.`;
  }
}
