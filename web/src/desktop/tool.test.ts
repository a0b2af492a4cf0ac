import { describe, expect, it } from 'vitest';
import { refused } from './tool';

describe('a refusal of the desktop tool', () => {
  it('says what helps, or what the tool itself said', () => {
    expect(refused('tool-missing').detail).toContain('Cho phép');
    expect(refused('tool-refused', ' Người dùng đã hủy ').detail).toBe('Người dùng đã hủy');
    expect(refused('tool-refused', '').detail).toBeFalsy();
  });
});
