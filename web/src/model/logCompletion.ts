import type { Fields, OfferedKey } from './completion';
import { levels } from './logs';

/** The fields that every log entry has, with the operators they take (docs/api.md, "Filter text of logs"). */
export const logFields: Fields = {
  level: { what: 'error, warn, info …', operators: ['=', '>='], samples: null },
  service: { what: 'that logged it', operators: ['='], samples: null },
  scope: { what: 'the logger', operators: ['='], samples: null },
  event: { what: 'name of the event', operators: ['='], samples: null },
  severity: { what: 'number from 1 to 24', operators: ['>='], samples: ['5', '9', '13', '17', '21'] },
  traced: { what: 'whether it names a trace', operators: ['='], samples: ['true', 'false'] },
  trace: { what: 'id of its trace', operators: ['='], samples: [] },
  span: { what: 'id of its span', operators: ['='], samples: [] },
};

/** The same where a level is a bound: of levels that are at least so grave, the store's counts of each would mislead. */
const boundFields: Fields = { ...logFields, level: { what: '', operators: [], samples: levels.slice(1) } };

export const logFieldsBehind = (operator: string): Fields => (operator === '=' ? logFields : boundFields);

export interface LogKey {
  readonly key: string;
  readonly scope: 'log' | 'resource';
  readonly types: readonly string[];
}

/** Keys of entries and of their resources as the box offers them: one that both have once. */
export const offeredKeys = (keys: readonly LogKey[]): readonly OfferedKey[] => keys.map(({ key, scope, types }) => ({ key, types, values: null, note: scope === 'resource' ? 'resource' : types.join(', ') }));
