import type { DispatchSummary } from '../../api/types';
import { locale, numberWord, sentence, t } from '../../i18n';
import { standing } from '../../verdict/standing';

/** "28 văn bản chờ tiếp nhận. 24 hợp lệ, 4 bản cần xem kỹ." */
export function count(dispatches: Pick<DispatchSummary, 'status' | 'verdict'>[]): string {
  const waiting = dispatches.filter((dispatch) => dispatch.status === 'arrived');
  if (waiting.length === 0) return t('inbox.say.nothing');
  const valid = waiting.filter((dispatch) => standing(dispatch.verdict) === 'valid').length;
  const word = (number: number) => numberWord(number, locale());
  const first = t('inbox.say.waiting', { number: sentence(word(waiting.length)), count: waiting.length });
  if (valid === waiting.length) return `${first} ${t('inbox.say.all.valid')}`;
  const rest = waiting.length - valid;
  return `${first} ${t('inbox.say.some', { valid: sentence(word(valid)), rest: word(rest) })}`;
}
