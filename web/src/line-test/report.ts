import { WAYS, type Findings } from './findings';
import { named, type Verdict } from './verdict';
import { t } from './texts';

/** Beside the findings: where and with what the test was made. */
export interface Circumstances {
  at: string;
  host: string;
  browser: string;
  microphone: string;
  camera: string;
}

/** The report as plain text, for who looks after the line: no address of anybody, no name, no secret. */
export function report(findings: Findings, { key, whose }: Verdict, about: Circumstances): string {
  const { signalling, ports, line } = findings;
  const ms = (value: number | null) => (value === null ? '–' : `${value} ms`);
  const said = (answers: boolean | null) =>
    t(answers === null ? 'report.ports.none' : answers ? 'report.ports.yes' : 'report.ports.no');
  const ways = WAYS.map((way) => {
    const { standing, ms: took, port, pair } = findings.ways[way];
    const more = [took !== null && ms(took), port !== null && t('report.port', { port }), pair].filter(Boolean);
    return `${t(`way.${way}`)}: ${[t(`standing.${standing}`), ...more].join('; ')}`;
  });
  const measured = line
    ? [
        `${t('report.line')}: ${t(`way.${line.way}`)}`,
        `  ${t('report.up')}: ${line.is_growing ? '≥ ' : ''}${line.up_kbps} kbit/s; ${t('report.lost')}: ${line.up_lost_permille / 10} %`,
        `  ${t('report.down')}: ${line.down_kbps} kbit/s; ${t('report.lost')}: ${line.down_lost_permille / 10} %`,
        `  ${t('report.round-trip')}: ${ms(line.round_trip_ms)}; ${t('report.jitter')}: ${ms(line.jitter_ms)}`,
        ...(line.is_slow_computer ? [`  ${t('report.slow-computer')}`] : []),
      ]
    : [`${t('report.line')}: ${t('report.unmeasured')}`];
  return [
    t('report.title'),
    '',
    `${t('report.verdict')}: ${t(`verdict.${key}`)}`,
    t(`verdict.${key}.next`, named(findings, about.host)),
    `${t('report.whose')}: ${t(`whose.${whose}`)}`,
    '',
    `${t('report.at')}: ${about.at}`,
    `${t('report.host')}: ${about.host}`,
    `${t('report.browser')}: ${about.browser}`,
    '',
    `${t('way.page')}: ${t(`page.${signalling.standing}`)}; HTTPS ${ms(signalling.https_ms)}; WebSocket ${ms(signalling.socket_ms)}`,
    ...ways,
    `${t('report.ports')}: UDP ${said(ports.udp)}; TCP ${said(ports.tcp)}`,
    ...measured,
    '',
    `${t('device.microphone')}: ${t(`microphone.${findings.microphone}`)} ${about.microphone}`.trim(),
    `${t('device.camera')}: ${t(`camera.${findings.camera}`)} ${about.camera}`.trim(),
    `${t('device.speaker')}: ${t(`speaker.${findings.speaker}`)}`,
    '',
    t('report.privacy'),
    '',
  ].join('\r\n');
}

/** Hands a text to the browser as a file. */
export function download(text: string, name: string): void {
  const link = document.createElement('a');
  // Old editors take a file without a mark for another encoding.
  link.href = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/plain;charset=utf-8' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
