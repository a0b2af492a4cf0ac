import type { DispatchSummary, DocumentSummary } from '../../api/types';
import { numberWord, sentence, t, type Key } from '../../i18n';
import type { Locale } from '../../i18n';
import { next } from '../../documents/way';
import type { Duty } from '../../session/duty';
import { givenName } from '../../session/name';

interface Work {
  documents: DocumentSummary[];
  arrivals: DispatchSummary[];
  duty: Duty;
}

/** The sentence of the day: "Chào đồng chí Hà. Ba văn bản chờ ký, một bản hỏa tốc." */
export function greeting(fullName: string, work: Work | undefined, locale: Locale): string {
  const hello = t('home.greeting', { name: givenName(fullName) });
  if (!work) return hello;
  const counted = clauses(work).map(({ key, count }) => t(key, { number: numberWord(count, locale), count }));
  const said = counted.length > 0 ? counted.join(', ') : t('home.nothing');
  return keepTogether(`${hello} ${sentence(said)}.`);
}

/** What waits, by what is to be done; the urgent are counted last, as the reason to begin. */
export function clauses({ documents, arrivals, duty }: Work): { key: Key; count: number }[] {
  const steps = { sign: 0, number: 0, seal: 0, issue: 0, submit: 0 };
  for (const document of documents) {
    const step = next(document);
    if (step) steps[step]++;
  }
  const urgent = documents.filter((document) => document.urgency === 3).length;
  const all: { key: Key; count: number }[] = [
    { key: 'home.count.sign', count: steps.sign },
    { key: 'home.count.number', count: steps.number },
    { key: 'home.count.seal', count: steps.seal },
    { key: 'home.count.issue', count: steps.issue },
    { key: 'home.count.submit', count: steps.submit },
    { key: ARRIVALS[duty], count: arrivals.length },
    { key: 'home.count.urgent', count: urgent },
  ];
  return all.filter((clause) => clause.count > 0);
}

const ARRIVALS: Record<Duty, Key> = {
  waiting: 'home.count.arrived',
  to_instruct: 'home.count.instruct',
  mine: 'home.count.handle',
};

/** Compound words do not break at a line's end. */
const keepTogether = (text: string): string =>
  text.replace(/(đồng chí|văn bản|hỏa tốc|dự thảo|phát hành|tiếp nhận|chỉ đạo|chủ trì)/gi, (word) =>
    word.replace(' ', '\u00a0'),
  );
