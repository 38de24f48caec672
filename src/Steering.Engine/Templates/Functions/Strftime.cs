using System.Globalization;
using System.Text;

namespace Steering.Engine.Templates;

/// <summary>strftime() of the C locale for a local time without a zone, as <c>datetime.now().strftime</c> prints it, with glibc's flags.</summary>
internal static class Strftime
{
    public static string Format(string format, DateTime time)
    {
        var result = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                result.Append(format[i]);
                continue;
            }
            char flag = format[i + 1] is '-' or '_' or '0' or '^' or '#' && i + 2 < format.Length ? format[++i] : '\0';
            result.Append(Directive(format[++i], flag, time));
        }
        return result.ToString();
    }

    private static string Directive(char directive, char flag, DateTime time)
    {
        int hour12 = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        int weekday = (int)time.DayOfWeek;
        return directive switch
        {
            'a' => Name("ddd"),
            'A' => Name("dddd"),
            'b' or 'h' => Name("MMM"),
            'B' => Name("MMMM"),
            'p' => flag == '#' ? Name("tt").ToLowerInvariant() : Name("tt"),
            'P' => Name("tt").ToLowerInvariant(),
            'c' => Format("%a %b %e %H:%M:%S %Y", time),
            'x' or 'D' => Format("%m/%d/%y", time),
            'X' or 'T' => Format("%H:%M:%S", time),
            'r' => Format("%I:%M:%S %p", time),
            'R' => Format("%H:%M", time),
            'F' => Format("%Y-%m-%d", time),
            'd' => Number(time.Day, 2),
            'e' => Number(time.Day, 2, ' '),
            'm' => Number(time.Month, 2),
            'y' => Number(time.Year % 100, 2),
            'Y' => Number(time.Year, 1),
            'C' => Number(time.Year / 100, 2),
            'H' => Number(time.Hour, 2),
            'k' => Number(time.Hour, 2, ' '),
            'I' => Number(hour12, 2),
            'l' => Number(hour12, 2, ' '),
            'M' => Number(time.Minute, 2),
            'S' => Number(time.Second, 2),
            'f' => time.ToString("ffffff", CultureInfo.InvariantCulture),
            'j' => Number(time.DayOfYear, 3),
            'w' => Number(weekday, 1),
            'u' => Number(weekday == 0 ? 7 : weekday, 1),
            'U' => Number((time.DayOfYear + 6 - weekday) / 7, 2),
            'W' => Number((time.DayOfYear + 6 - (weekday + 6) % 7) / 7, 2),
            'V' => Number(ISOWeek.GetWeekOfYear(time), 2),
            'G' => Number(ISOWeek.GetYear(time), 1),
            'g' => Number(ISOWeek.GetYear(time) % 100, 2),
            's' => new DateTimeOffset(time, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'z' or 'Z' => "", // a naive datetime has no zone
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => flag == '\0' ? $"%{directive}" : $"%{flag}{directive}",
        };

        string Name(string pattern)
        {
            string name = time.ToString(pattern, CultureInfo.InvariantCulture);
            return flag is '^' or '#' ? name.ToUpperInvariant() : name;
        }

        string Number(int value, int width, char pad = '0')
        {
            char padding = flag switch { '_' => ' ', '0' => '0', _ => pad };
            string digits = value.ToString(CultureInfo.InvariantCulture);
            return flag == '-' ? digits : digits.PadLeft(width, padding);
        }
    }
}
