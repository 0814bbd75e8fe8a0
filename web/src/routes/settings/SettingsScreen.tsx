import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { configQuery } from '../../api/queries';
import { settingsQuery, wholeStatusQuery } from '../../api/serverQueries';
import { ingestRate, statusSentence, type WholeStatus } from '../../model/settings';
import { DroppedPanel } from './DroppedPanel';
import { ForwardingPanel } from './ForwardingPanel';
import { HealthPanel } from './HealthPanel';
import { IngestPanel, RefusalsPanel } from './IngestPanels';
import { LimitsPanel } from './LimitsPanel';
import { Panel, Facts } from './Panel';
import { SignalsPanel } from './SignalsPanel';
import { RulesPanel } from './RulesPanel';
import { RetentionPanel, StoragePanel } from './StoragePanels';
import './settings.css';

/** How often the server is asked about itself while the screen is open. */
const againMillis = 5000;

/** The rate between the last two answers. */
function useRate(status: WholeStatus | undefined): number | null {
  const [pair, setPair] = useState<readonly [before: WholeStatus | undefined, now: WholeStatus | undefined]>([undefined, undefined]);
  if (status !== pair[1]) setPair([pair[1], status]);
  const [before, now] = pair;
  return before === undefined || now === undefined ? null : ingestRate(before, now);
}

/** The screen of `/settings`: what the server holds, takes, refuses and keeps, and which option sets each limit. */
export function SettingsScreen() {
  const status = useQuery({ ...wholeStatusQuery, refetchInterval: againMillis });
  const config = useQuery(configQuery);
  const settings = useQuery(settingsQuery);
  const rate = useRate(status.data);
  useEffect(() => {
    document.title = 'Settings · Distributed Tracing';
  }, []);
  const sentence = status.data === undefined ? null : statusSentence(status.data);
  return (
    <main className="screen settings">
      <div className="setscroll">
        <div className="settop">
          <h2 className="visually-hidden">Settings</h2>
          {sentence === null ? (
            <p className="says">{status.isError ? '' : 'Asking the server…'}</p>
          ) : (
            <p className="says">
              <b className="strong">{sentence.strong}</b>
              {sentence.rest}
              {sentence.worry !== '' && <span className="errt">{sentence.worry}</span>}
            </p>
          )}
          <span className="f3 xs">Looked at every 5 s. Sampling and redaction are changed here, at once; options are set when the server starts.</span>
        </div>
        {status.isError && (
          <div className="notice box" role="alert">
            <span className="grow">
              <b className="strong">{status.data === undefined ? 'The server can’t be asked' : 'The server stopped answering'}</b>{' '}
              <span className="f2">
                {status.error.message}
                {status.data !== undefined && ' What is shown is from before.'}
              </span>
            </span>
            <button type="button" className="btn" aria-busy={status.isFetching} onClick={() => void status.refetch()}>
              Retry
            </button>
          </div>
        )}
        <div className="pans">
          {status.data !== undefined && (
            <>
              <HealthPanel status={status.data} problem={status.isError ? status.error.message : null} />
              <StoragePanel status={status.data} />
              <IngestPanel status={status.data} rate={rate} config={config.data} />
              <RetentionPanel status={status.data} settings={settings.data} />
              <RefusalsPanel status={status.data} />
              <SignalsPanel status={status.data} settings={settings.data} />
              <ForwardingPanel status={status.data} />
            </>
          )}
          <RulesPanel now={status.data?.now} />
          <DroppedPanel now={status.data?.now} againMillis={againMillis} />
          <LimitsPanel query={settings} />
          <Panel title="Versions" wide>
            <Facts
              facts={[
                ['Throughline', config.data?.version ?? (config.isError ? 'not known' : '…')],
                ['API', <a key="api" href="/api/v1/openapi.json" target="_blank" rel="noopener noreferrer">/api/v1, described by its OpenAPI document</a>],
                ['Grafana', config.data?.grafanaUrl ?? 'not set', '--grafana-url'],
                ['Jaeger', config.data?.jaegerUrl ?? 'not set', '--jaeger-url'],
              ]}
            />
          </Panel>
        </div>
      </div>
    </main>
  );
}
