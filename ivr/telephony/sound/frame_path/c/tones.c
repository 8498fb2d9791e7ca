/* Keys in the sound: the numbers are explained in ivr/telephony/sound/tones.py. */

#include "frame_path.h"
#include <math.h>

#define STEP 80
#define TONES 8
#define NEIGHBOURS 3 /* of each tone: a little lower, itself, a little higher */
#define BEGINS 3
#define ENDS 4

static const double TONE_HZ[TONES] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
static const double OFF[NEIGHBOURS] = {1 - 0.012, 1.0, 1 + 0.012};
const char KEYPAD[] = "123A456B789C*0#D";

static float cosines[TONES][NEIGHBOURS][SAMPLES], sines[TONES][NEIGHBOURS][SAMPLES];
static double weakest, twist_least, twist_most, over_others;

void make_waves(void)
{
    for (int tone = 0; tone < TONES; tone++)
        for (int off = 0; off < NEIGHBOURS; off++)
            for (int at = 0; at < SAMPLES; at++) {
                double angle = 2 * M_PI * TONE_HZ[tone] * OFF[off] * at / 8000.0;
                cosines[tone][off][at] = (float)(cos(angle) * sqrt(2) / SAMPLES);
                sines[tone][off][at] = (float)(sin(angle) * sqrt(2) / SAMPLES);
            }
    weakest = pow(32124 * pow(10, (-35 - 3.14) / 20), 2) / 2;
    twist_least = pow(10, -10 / 10.0);
    twist_most = pow(10, 6 / 10.0);
    over_others = pow(10, 8 / 10.0);
}

static float product(const float *restrict one_side, const float *restrict other, int count)
{
    float sums[8] = {0}; /* side by side, so that the compiler may use wide registers */
    for (int at = 0; at < count; at += 8)
        for (int lane = 0; lane < 8; lane++)
            sums[lane] += one_side[at + lane] * other[at + lane];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

static int tone_key(const float *window)
{
    double whole = product(window, window, SAMPLES) / SAMPLES, power[TONES];
    if (whole < weakest * 2)
        return NO_KEY;
    for (int tone = 0; tone < TONES; tone++) {
        power[tone] = 0;
        for (int off = 0; off < NEIGHBOURS; off++) {
            double along = product(cosines[tone][off], window, SAMPLES);
            double across = product(sines[tone][off], window, SAMPLES);
            power[tone] = fmax(power[tone], along * along + across * across);
        }
    }
    int row = 0, column = 4;
    for (int tone = 1; tone < 4; tone++) {
        if (power[tone] > power[row])
            row = tone;
        if (power[4 + tone] > power[column])
            column = 4 + tone;
    }
    double low = power[row], high = power[column];
    if (fmin(low, high) < weakest || high < twist_least * low || high > twist_most * low)
        return NO_KEY;
    if (low + high < 0.7 * whole)
        return NO_KEY;
    for (int tone = 0; tone < 4; tone++) {
        if (tone != row && power[tone] * over_others > low)
            return NO_KEY;
        if (4 + tone != column && power[4 + tone] * over_others > high)
            return NO_KEY;
    }
    return 4 * row + column - 4;
}

void tones_reset(Tones *self)
{
    memset(self, 0, sizeof *self);
    self->soft_before = 1;
    self->down = self->last = NO_KEY;
}

static int tones_window(Tones *self, int key)
{
    self->times = key == self->last ? self->times + 1 : 1;
    self->last = key;
    if (self->down != NO_KEY) {
        self->missed = key == self->down ? 0 : self->missed + 1;
        if (self->missed >= ENDS)
            self->down = NO_KEY;
    }
    if (key != NO_KEY && key != self->down && self->times >= BEGINS) {
        self->down = key;
        self->missed = 0;
        return key;
    }
    return NO_KEY;
}

static void tones_nothing(Tones *self)
{
    if (self->last != NO_KEY || self->down != NO_KEY) {
        tones_window(self, NO_KEY);
        tones_window(self, NO_KEY);
    }
}

static int is_soft(const int16_t *frame)
{
    int loud = 0;
    for (int at = 0; at < SAMPLES; at++)
        loud |= ((frame[at] >> 8) + 1) & ~1; /* samples from -256 to 255 give 0 */
    return !loud;
}

int tones_hear(Tones *self, const int16_t *frame)
{
    float sound[2 * SAMPLES];
    int soft = is_soft(frame), soft_before = self->soft_before, begun = NO_KEY;
    for (int at = 0; at < SAMPLES; at++) {
        sound[at] = self->before[at];
        sound[SAMPLES + at] = frame[at];
    }
    memcpy(self->before, frame, BYTES);
    self->soft_before = soft;
    self->sounding = self->down != NO_KEY;
    if ((soft && soft_before) || product(sound, sound, 2 * SAMPLES) < weakest * 2 * SAMPLES) {
        tones_nothing(self);
        return NO_KEY;
    }
    for (int at = SAMPLES - STEP; at <= SAMPLES; at += STEP) {
        int key = tone_key(sound + at), new = tones_window(self, key);
        self->sounding = self->sounding || key != NO_KEY;
        begun = new != NO_KEY ? new : begun;
    }
    return begun;
}
