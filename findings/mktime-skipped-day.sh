#!/usr/bin/env bash
# Package:   libc6 2.36 (glibc) with tzdata 2026b, Debian 12
# Behaviour: Pacific/Apia had no 30 December 2011. For its midnight mktime() with tm_isdst -1 or 0
#            gives the next midnight, as for any date that does not exist; with tm_isdst 1 it
#            returns -1, sets errno to EOVERFLOW and leaves the struct as it was, although the zone
#            was on summer time on both sides of that day, and the result fits easily.
# Matters:   Who asks with both values of tm_isdst, to find the earlier of two readings of a local
#            time, takes -1 for a second before 1970, or the error for a year out of range.
# Instead:   Fill a field that mktime() always sets (tm_wday) with -1 before the call and look at it
#            after it; ask with tm_isdst -1 where only one of the forced values answers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq tzdata=2026b-0+deb12u1 >/dev/null 2>&1 && dpkg -x tzdata_*.deb zones ||
    { echo "tzdata 2026b-0+deb12u1 cannot be had"; exit 2; }
cat >try.c <<'C'
#include <errno.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <time.h>

int main(void) {
    fprintf(stderr, "glibc %s\n", gnu_get_libc_version());
    for (int dst = -1; dst <= 1; ++dst) {
        struct tm day = {.tm_year = 111, .tm_mon = 11, .tm_mday = 30, .tm_isdst = dst};
        day.tm_wday = -1;
        errno = 0;
        const time_t made = mktime(&day);
        printf("%d: %lld %d day %d\n", dst, (long long)made, errno == EOVERFLOW, day.tm_mday);
    }
}
C
cc -o try try.c || { echo "no C compiler"; exit 2; }
seen=$(TZDIR=$folder/zones/usr/share/zoneinfo TZ=Pacific/Apia ./try)
printf 'tm_isdst: result, whether EOVERFLOW, day\n%s\n' "$seen"
[[ $seen == '-1: 1325239200 0 day 31
0: 1325239200 0 day 31
1: -1 1 day 30' ]] || { echo "this has changed"; exit 1; }
