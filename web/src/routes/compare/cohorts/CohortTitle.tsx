import { Link } from 'wouter';
import { cohortSample, cohortStory, type Cohort, type Cohorts } from '../../../model/cohorts';
import { formatShare } from '../../../model/distribution';
import { formatCount, formatDuration, none } from '../../../model/format';
import { Icon } from '../../../ui/Icon';
import { listAddress, type CohortState } from './url';

function Line({ side, name, cohort, href }: { readonly side: 'A' | 'B'; readonly name: string; readonly cohort: Cohort; readonly href: string }) {
  const { total, looked, errors, mean, p50, waiting } = cohort;
  return (
    <tr>
      <th scope="row">
        <span className="ab">{side}</span>
      </th>
      <td className="num right strong">
        {total.exact ? '' : '≥ '}
        {formatCount(total.value)}
      </td>
      <td className="num right c-at">{formatCount(looked)}</td>
      <td className="num right">{looked === 0 ? none : formatDuration(p50)}</td>
      <td className="num right strong">{looked === 0 ? none : formatDuration(mean)}</td>
      <td className="num right c-at">{looked === 0 || waiting === 0 ? none : formatDuration(waiting)}</td>
      <td className={errors > 0 ? 'num right errt strong' : 'num right f3'}>{errors > 0 ? formatShare(errors / looked) : none}</td>
      <td className="c-root2 trunc f2" title={name}>
        {name}
      </td>
      <td className="right acts2">
        <Link href={href}>{side === 'A' ? 'Show all' : 'Show these'}</Link>
      </td>
    </tr>
  );
}

/** The answer as a sentence, and the two cohorts in figures. */
export function CohortTitle({ cohorts, state, share }: { readonly cohorts: Cohorts; readonly state: CohortState; readonly share: () => void }) {
  const story = cohortStory(cohorts);
  const condition = [state.chosen, state.from === null ? '' : 'started in the marked time'].filter((part) => part !== '').join(', ');
  return (
    <section className="ctitle" aria-label="The two cohorts">
      <div className="ctop">
        <h2 className="cstory">
          {story.map((phrase, index) => (
            <span key={index} className={phrase.tone === 'strong' ? 'st' : undefined}>
              {phrase.text}
            </span>
          ))}
        </h2>
        <button type="button" className="btn ghost sq" aria-label="Copy a link to what is shown" title="Copy a link to what is shown" onClick={share}>
          <Icon name="link" />
        </button>
      </div>
      <table className="abtable">
        <thead>
          <tr>
            <td />
            {['Traces', 'Looked at', 'Median', 'Mean', 'Waiting', 'Errors'].map((title) => (
              <th key={title} scope="col" className={title === 'Looked at' || title === 'Waiting' ? 'right c-at' : 'right'}>
                {title}
              </th>
            ))}
            <th scope="col" className="c-root2">
              Which
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          <Line side="A" name="the others" cohort={cohorts.a} href={listAddress(state, [], false)} />
          <Line side="B" name={condition} cohort={cohorts.b} href={listAddress(state, [], true)} />
        </tbody>
      </table>
      <p className="f3 cohnote">
        {cohortSample(cohorts)}
        {cohorts.unplaced > 0 && ` ${formatCount(cohorts.unplaced)} spans of further places are counted above them.`}
        {cohorts.truncated !== null && <span className="warnt"> {cohorts.truncated}</span>}
      </p>
    </section>
  );
}
