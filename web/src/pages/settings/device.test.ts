import { describe, expect, it } from 'vitest';
import { deviceName } from './device';

describe('the name of a device', () => {
  it('is its browser and system', () => {
    const edge =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0';
    expect(deviceName(edge)).toBe('Edge, Windows');
    expect(deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1')).toBe(
      'Safari, iPhone',
    );
    expect(deviceName('Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0')).toBe('Firefox, Linux');
  });
  it('is nothing where nothing is known', () => {
    expect(deviceName('curl/8')).toBeUndefined();
    expect(deviceName(null)).toBeUndefined();
  });
});
