import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiProblem } from '../../api/problem';
import { processCountsQuery, processQuery, saveRules } from '../../api/processQueries';
import { formatMoment } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { draftOf, isChanged, rulesOf, type Draft, type RuleProblem, type RulesInForce } from '../../model/processRules';
import { Panel } from './Panel';
import { LimitFields, RedactionFields } from './RedactionFields';
import { SamplingFields } from './SamplingFields';
import { TailFields } from './TailFields';

/** Sampling, redaction and limits: in force as soon as they are saved. */
export function RulesPanel({ now }: { readonly now: UnixNano | undefined }) {
  const rules = useQuery(processQuery);
  const note = rules.data === undefined ? undefined : rules.data.version === 0 ? 'never changed' : `version ${rules.data.version}${rules.data.changed === null || now === undefined ? '' : `, saved ${formatMoment(rules.data.changed, now)}`}`;
  return (
    <Panel title="Sampling, redaction and limits" note={note} wide>
      {rules.data !== undefined ? (
        <RulesForm key={rules.data.version} inForce={rules.data} onReload={() => void rules.refetch()} />
      ) : rules.isError ? (
        <div className="box perr" role="alert">
          <b className="strong">The rules can’t be loaded</b> <span className="f2">{rules.error.message}</span>{' '}
          <button type="button" className="btn" aria-busy={rules.isFetching} onClick={() => void rules.refetch()}>
            Retry
          </button>
        </div>
      ) : (
        <div className="pnote">
          <span className="skeleton" />
        </div>
      )}
    </Panel>
  );
}

function RulesForm({ inForce, onReload }: { readonly inForce: RulesInForce; readonly onReload: () => void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => draftOf(inForce.rules));
  const [problems, setProblems] = useState<readonly RuleProblem[]>([]);
  const save = useMutation({
    mutationFn: (rules: unknown) => saveRules(inForce.version, rules),
    onSuccess: (saved) => {
      queries.setQueryData(processQuery.queryKey, saved);
      void queries.invalidateQueries({ queryKey: processCountsQuery.queryKey });
    },
    onError: (error) => setProblems(error instanceof ApiProblem ? error.errors : []),
  });
  const changed = isChanged(draft, inForce.rules);
  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [changed]);

  const onChange = (change: Partial<Draft>): void => {
    setDraft({ ...draft, ...change });
    setProblems([]);
    save.reset();
  };
  const submit = (): void => {
    const made = rulesOf(draft);
    setProblems(made.problems);
    save.reset();
    if (made.problems.length === 0) save.mutate(made.rules);
  };
  const problemAt = (path: string): string | undefined => problems.find((problem) => problem.path === path)?.message;
  const conflict = save.error instanceof ApiProblem && save.error.status === 409;
  const fields = { draft, problemAt, onChange };
  return (
    <form
      className="rules"
      noValidate
      aria-label="Sampling, redaction and limits"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <SamplingFields {...fields} />
      <TailFields {...fields} />
      <RedactionFields {...fields} />
      <LimitFields {...fields} />
      <div className="rulebar">
        <button type="submit" className="btn primary" disabled={!changed && !save.isError} aria-busy={save.isPending}>
          Save and put in force
        </button>
        <button
          type="button"
          className="btn"
          disabled={!changed}
          onClick={() => {
            setDraft(draftOf(inForce.rules));
            setProblems([]);
            save.reset();
          }}
        >
          Undo changes
        </button>
        {conflict && (
          <button type="button" className="btn" onClick={onReload}>
            Load the present rules
          </button>
        )}
        <span role="status" className={save.isError || problems.length > 0 ? 'errt' : 'f2'}>
          {save.isPending ? 'Saving…' : save.isError || problems.length > 0 ? <NotSaved error={save.error} problems={problems} /> : changed ? 'Not saved yet.' : inForce.version === 0 ? 'Everything is kept.' : `Saved: version ${inForce.version} is in force.`}
        </span>
      </div>
    </form>
  );
}

/** Why the rules were not saved, and that the old ones stay. */
function NotSaved({ error, problems }: { readonly error: Error | null; readonly problems: readonly RuleProblem[] }) {
  if (problems.length > 0) return <>{`Not saved: ${problems.length === 1 ? 'one field is' : `${problems.length} fields are`} wrong. ${problems[0]?.message ?? ''} The old rules stay.`}</>;
  return <>{`Not saved. ${error instanceof ApiProblem && error.detail !== '' ? error.detail : (error?.message ?? '')}`}</>;
}
