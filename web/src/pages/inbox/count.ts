import type { DispatchSummary } from '../../api/types';
import { locale, numberWord, sentence, t } from '../../i18n';
import type { Duty } from '../../session/duty';
import { standing } from '../../verdict/standing';
import { FITS } from './filters';

type Counted = Pick<DispatchSummary, 'status' | 'recall' | 'actions' | 'is_late' | 'verdict'>;

const word = (number: number) => numberWord(number, locale());

/** The sentence of the list, by what the reader's duty is. */
export function say(dispatches: Counted[], duty: Duty): string {
  if (duty === 'waiting') return count(dispatches);
  const filter = duty === 'mine' ? 'mine' : 'instruct';
  const waiting = dispatches.filter(FITS[filter]);
  if (waiting.length === 0) return t(`inbox.empty.${filter}`);
  const said = t(`inbox.say.${filter}`, { number: sentence(word(waiting.length)), count: waiting.length });
  const late = waiting.filter((dispatch) => dispatch.is_late).length;
  return late ? `${said} ${t('inbox.say.late', { number: sentence(word(late)), count: late })}` : said;
}

/** "28 văn bản chờ tiếp nhận. 24 hợp lệ, 4 bản cần xem kỹ." */
export function count(dispatches: Pick<DispatchSummary, 'status' | 'verdict'>[]): string {
  const waiting = dispatches.filter((dispatch) => dispatch.status === 'arrived');
  if (waiting.length === 0) return t('inbox.say.nothing');
  const valid = waiting.filter((dispatch) => standing(dispatch.verdict) === 'valid').length;
  const first = t('inbox.say.waiting', { number: sentence(word(waiting.length)), count: waiting.length });
  if (valid === waiting.length) return `${first} ${t('inbox.say.all.valid')}`;
  const rest = waiting.length - valid;
  return `${first} ${t('inbox.say.some', { valid: sentence(word(valid)), rest: word(rest) })}`;
}
