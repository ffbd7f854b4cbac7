import type { ReactNode } from 'react';

/** Line drawings on a grid of 20, always beside a word or inside a named button: hidden from screen readers. */
function icon(drawing: ReactNode) {
  return function Icon({ size = 20 }: { size?: number }) {
    return (
      <svg
        aria-hidden="true"
        width={size}
        height={size}
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        style={{ flex: 'none' }}
      >
        {drawing}
      </svg>
    );
  };
}

const microphone = (
  <>
    <rect x="7.5" y="2.5" width="5" height="9" rx="2.5" />
    <path d="M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5" />
  </>
);

export const MicrophoneIcon = icon(microphone);
export const MicrophoneOffIcon = icon(
  <>
    {microphone}
    <path d="M3 3l14 14" />
  </>,
);
export const HoldIcon = icon(<path d="M7 4.5v11M13 4.5v11" strokeWidth="2.2" />);
export const ResumeIcon = icon(<path d="M6.5 4.5v11l9-5.5z" />);
export const KeypadIcon = icon(
  <path
    strokeWidth="2.4"
    d="M5 4.5h.01M10 4.5h.01M15 4.5h.01M5 9h.01M10 9h.01M15 9h.01M5 13.5h.01M10 13.5h.01M15 13.5h.01M10 17.5h.01"
  />,
);
export const AudioIcon = icon(<path d="M3 8v4h3l4 3.5v-11L6 8zM13 7.5a3.5 3.5 0 0 1 0 5M15.2 5a7 7 0 0 1 0 10" />);
const handset =
  'M5.2 2.8l2 .3 1 3.2-1.6 1.5a10 10 0 0 0 5.2 5.4l1.6-1.7 3.1 1.1.3 2-1.8 1.9C8.9 16.2 3.6 10.7 3.3 4.7z';
export const CallIcon = icon(<path d={handset} />);
export const IncomingIcon = icon(<path d="M15.5 4.5l-10 10M5.5 8v6.5h6.5" />);
export const OutgoingIcon = icon(<path d="M4.5 15.5l10-10M14.5 12V5.5H8" />);
export const HangUpIcon = icon(
  <path d="M2.8 12.3c-.6-1 .1-2.4 1.2-3.1a11.3 11.3 0 0 1 12 0c1.1.7 1.8 2.1 1.2 3.1l-.9 1.2-3.2-.9-.3-2.2a9 9 0 0 0-5.6 0l-.3 2.2-3.2.9z" />,
);
export const DoneIcon = icon(<path d="M4 10.5l4 4 8-9" strokeWidth="2.2" />);
export const CrossIcon = icon(<path d="M5 5l10 10M15 5L5 15" strokeWidth="2" />);
export const UnknownIcon = icon(
  <path d="M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M10 15.8h.01" strokeWidth="2" />,
);
export const StopIcon = icon(<path d="M6 10h8" strokeWidth="2.2" />);
export const WarningIcon = icon(<path d="M10 3L2.5 16.5h15zM10 8v4M10 14.3h.01" />);
export const WallIcon = icon(
  <>
    <path d="M10 2.5v15" strokeWidth="2.4" />
    <path d="M3.5 8v4M6.5 6v8M13.5 6v8M16.5 8v4" />
  </>,
);
export const MenuIcon = icon(<path d="M4 6h12M4 10h12M4 14h12" />);
export const ChevronIcon = icon(<path d="M5 8l5 5 5-5" strokeWidth="2" />);
export const ReportsIcon = icon(<path d="M3.5 16.5h13M6 13.5V9M10 13.5V4M14 13.5V7" strokeWidth="2.2" />);
export const BackIcon = icon(<path d="M9 5l-5 5 5 5M4.5 10h12" strokeWidth="2" />);
