package recipients

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The column of time zones is optional, is known by its English and Chinese names, and takes names of the IANA
// database alone; what looks like one is flagged, and the person is kept.
func TestTimeZonesOfPeople(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"time_zone", "Timezone", "TZ", "时区", "所在时区", "時區"} {
		list := "姓名,邮箱," + name + "\n李一,a@mail.test,Asia/Urumqi\n李二,b@mail.test,\n李三,c@mail.test,China Standard Time\n李四,d@mail.test,UTC+8\n李五,e@mail.test,../../etc/localtime\n"
		var rows []Row
		s, err := Read(t.Context(), strings.NewReader(list), Options{On: fuzzDay}, func(r Row) error { rows = append(rows, r); return nil })
		require.NoError(t, err)
		require.Equal(t, []any{int64(2), int64(3)}, []any{s.Accepted, s.Flagged}, name)
		require.EqualValues(t, 3, s.ByProblem["zone_unknown"], name)
		for i, zone := range []string{"Asia/Urumqi", "", "", "", ""} {
			require.Equal(t, zone, rows[i].Person.TimeZone)
			require.NotEmpty(t, rows[i].Person.Email)
		}
	}
}
