import type { DispatchCounts } from '../../api/types';
import { locale, numberWord, sentence, t } from '../../i18n';
import type { Duty } from '../../session/duty';

const word = (number: number) => numberWord(number, locale());

/** The sentence of the list, by what the reader's duty is. */
export function say(counts: DispatchCounts, duty: Duty): string {
  if (duty === 'waiting') return arrived(counts);
  const [filter, waiting, late] =
    duty === 'mine'
      ? (['mine', counts.mine, counts.mine_late] as const)
      : (['instruct', counts.to_instruct, counts.to_instruct_late] as const);
  if (waiting === 0) return t(`inbox.empty.${filter}`);
  const said = t(`inbox.say.${filter}`, { number: sentence(word(waiting)), count: waiting });
  return late ? `${said} ${t('inbox.say.late', { number: sentence(word(late)), count: late })}` : said;
}

/** "28 văn bản chờ tiếp nhận. 24 hợp lệ, 4 bản cần xem kỹ." */
function arrived({ waiting, waiting_valid: valid }: DispatchCounts): string {
  if (waiting === 0) return t('inbox.say.nothing');
  const first = t('inbox.say.waiting', { number: sentence(word(waiting)), count: waiting });
  if (valid === waiting) return `${first} ${t('inbox.say.all.valid')}`;
  return `${first} ${t('inbox.say.some', { valid: sentence(word(valid)), rest: word(waiting - valid) })}`;
}
