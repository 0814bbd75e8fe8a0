import type { UseQueryResult } from '@tanstack/react-query';
import { grouped, settingText, type Setting } from '../../model/settings';
import { Panel } from './Panel';

/** What holds, and the option that sets each: nothing here can be changed while the server runs. */
export function LimitsPanel({ query }: { readonly query: UseQueryResult<readonly Setting[]> }) {
  return (
    <Panel title="Options in force" note="given to throughline server at its start" wide>
      {query.isError ? (
        <div className="box perr" role="alert">
          <b className="strong">The options can’t be loaded</b> <span className="f2">{query.error.message}</span>{' '}
          <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
            Retry
          </button>
        </div>
      ) : query.data === undefined ? (
        <div className="pnote">
          <span className="skeleton" />
        </div>
      ) : query.data.length === 0 ? (
        <p className="pnote f2">This server was not started by the command line: its options are those of the program that holds it.</p>
      ) : (
        grouped(query.data).map(({ title, settings }) => (
          <table key={title} className="tab limits">
            <caption>{title}</caption>
            <colgroup>
              <col className="co" />
              <col className="cv" />
              <col />
            </colgroup>
            <thead className="visually-hidden">
              <tr>
                <th scope="col">Option</th>
                <th scope="col">Value</th>
                <th scope="col">What it does</th>
              </tr>
            </thead>
            <tbody>
              {settings.map((setting) => (
                <tr key={setting.option}>
                  <th scope="row" className="mono">
                    {setting.option}
                  </th>
                  <td className="num">
                    <span className={setting.isDefault ? 'f2' : 'strong'} title={setting.value ?? undefined}>
                      {settingText(setting)}
                    </span>
                    <span className="f3 xs"> {setting.isDefault ? 'default' : 'given'}</span>
                  </td>
                  <td className="f2">{setting.description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))
      )}
    </Panel>
  );
}
