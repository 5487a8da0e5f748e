import type { Text } from '../../contract/text.ts';
import type { Candidate } from './candidates.ts';
import { detailText } from './detail-text.ts';

/** Why a profile has its place among the candidates, for people. */
export function whyOf(candidate: Candidate): Text {
  const parts = [understood(candidate), news(candidate), unknown(candidate), generic(candidate)].filter(
    (part) => part !== undefined,
  );
  return {
    zh: `${parts.map(({ zh }) => zh).join('；')}。`,
    en: `${parts.map(({ en }) => en).join('; ')}.`,
  };
}

function understood({ tried, understood, silent, detail }: Candidate): Text {
  if (tried === 0) return { zh: '报文太长，没有试读', en: 'The messages are too long to be tried' };
  if (understood === tried) {
    return { zh: `${tried} 条报文全部读懂`, en: `Understands all of the ${tried} messages` };
  }
  if (understood > 0) {
    return {
      zh: `${tried} 条报文读懂 ${understood} 条`,
      en: `Understands ${understood} of ${tried} messages`,
    };
  }
  if (silent === tried) {
    return {
      zh: '认识这些报文，但其中没有需要上报的内容（如心跳）',
      en: 'Knows these messages, but none has news (a heartbeat)',
    };
  }
  const why = detail === undefined ? undefined : detailText(detail);
  return {
    zh: `主题符合，但内容读不懂${why === undefined ? '' : `（${why.zh}）`}`,
    en: `The topic fits, but not what it says${why === undefined ? '' : ` (${why.en})`}`,
  };
}

function news({ understood, reads }: Candidate): Text | undefined {
  if (understood === 0 || reads.length > 0) return undefined;
  return { zh: '但没有产生事件', en: 'but none makes an event' };
}

function unknown({ unknown: count }: Candidate): Text | undefined {
  if (count === 0) return undefined;
  return {
    zh: `有 ${count} 个值不认识`,
    en: count === 1 ? 'one value is not known' : `${count} values are not known`,
  };
}

function generic(candidate: Candidate): Text | undefined {
  if (!candidate.generic) return undefined;
  return {
    zh: '通用模板，没有专用模板时才选它',
    en: 'a profile for any device: choose it only where there is none of its own',
  };
}
