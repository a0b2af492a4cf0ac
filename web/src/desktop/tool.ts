import { Problem } from '../api/problem';
import { t, type Key } from './texts';

/** What the state's desktop tool answers over its socket. */
interface Answer {
  Status: number;
  Message?: string;
}

/** As long as the server keeps a request. */
const PATIENCE_MS = 300_000;

/**
 * Has the tool at `tool` fetch the file at `file`, sign it and send it back there; comes back once the tool says that it did.
 *
 * The tool's words show what its user should read; whether the file was taken is for the server to say.
 *
 * @throws {Problem} where there is no tool, or nothing was signed.
 */
export function sign(tool: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${tool}/SignApproved`);
    let opened = false;
    const end = (refusal?: Problem): void => {
      clearTimeout(silence);
      socket.onclose = socket.onerror = socket.onmessage = null;
      socket.close();
      if (refusal) reject(refusal);
      else resolve();
    };
    const silence = setTimeout(() => end(refused('tool-late')), PATIENCE_MS);
    socket.onopen = () => {
      opened = true;
      const question = { FileUploadHandler: file, SessionId: '', JWTToken: '', FileName: file, MetaData: [] };
      socket.send(JSON.stringify(question));
    };
    socket.onmessage = ({ data }) => {
      const answer = read(data);
      if (answer?.Status === 0) end();
      else end(answer ? refused('tool-refused', answer.Message) : refused('tool-unread'));
    };
    socket.onclose = socket.onerror = () => end(refused(opened ? 'tool-refused' : 'tool-missing'));
  });
}

type Refusal = 'tool-missing' | 'tool-refused' | 'tool-late' | 'tool-unread' | 'tool-not-taken';

/** A refusal as a problem: what is so, and what the tool said or what helps. */
export function refused(kind: Refusal, said?: string): Problem {
  const helps = kind === 'tool-missing' ? t('tool.refusal.tool-missing.detail') : undefined;
  return new Problem(kind, 0, t(`tool.refusal.${kind}` satisfies Key), said?.trim().slice(0, 300) || helps);
}

function read(data: unknown): Answer | undefined {
  try {
    const answer = JSON.parse(String(data)) as Partial<Answer> | null;
    if (typeof answer?.Status !== 'number') return undefined;
    return { Status: answer.Status, Message: typeof answer.Message === 'string' ? answer.Message : undefined };
  } catch {
    return undefined;
  }
}
