using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary>
/// A message with holes. Holes take the arguments in their order, whatever their names; where the names are the numbers
/// from 0 on, they take them by number. A doubled brace is no hole, and stays doubled.
/// </summary>
internal sealed class MessageTemplate
{
    private const int MaxParsed = 1024;

    private static readonly ConcurrentDictionary<string, MessageTemplate> Parsed = new();

    private readonly List<(string Literal, TemplateHole Hole)> parts;
    private readonly TemplateHole[] holes;
    private readonly bool byNumber;

    private MessageTemplate(List<(string Literal, TemplateHole Hole)> parts)
    {
        this.parts = parts;
        holes = [.. parts.Where(part => part.Hole is not null).Select(part => part.Hole)];
        byNumber = HasNumbersFromZero();
    }

    /// <summary>Without arguments there is nothing to look for: the text is the message.</summary>
    public static MessageTemplate Parse(string template, object[] arguments)
    {
        if (arguments.Length == 0)
        {
            return new MessageTemplate([(template, null)]);
        }

        if (Parsed.TryGetValue(template, out var known))
        {
            return known;
        }

        var parsed = new MessageTemplate(Split(template));
        if (Parsed.Count < MaxParsed)
        {
            Parsed.TryAdd(template, parsed);
        }

        return parsed;
    }

    /// <summary>The holes that there is an argument for, each with it.</summary>
    public IEnumerable<(TemplateHole Hole, object Argument)> Match(object[] arguments)
    {
        for (var i = 0; i < holes.Length; i++)
        {
            if (Position(i) < arguments.Length)
            {
                yield return (holes[i], arguments[Position(i)]);
            }
        }
    }

    /// <summary>The message with its holes filled, but for those of null, a list or a dictionary.</summary>
    public string Render(object[] arguments)
    {
        var text = new StringBuilder();
        var index = 0;
        foreach (var (literal, hole) in parts)
        {
            text.Append(literal);
            if (hole is not null)
            {
                var position = Position(index++);
                text.Append(position < arguments.Length ? Fill(hole, arguments[position]) : hole.Token);
            }
        }

        return text.ToString();
    }

    private static List<(string Literal, TemplateHole Hole)> Split(string template)
    {
        var parts = new List<(string, TemplateHole)>();
        var literalStart = 0;
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '{')
            {
                continue;
            }

            if (i + 1 < template.Length && template[i + 1] == '{')
            {
                i++;
                continue;
            }

            var close = template.IndexOf('}', i);
            if (close > i + 1)
            {
                parts.Add((template[literalStart..i], new TemplateHole(template[i..(close + 1)])));
                literalStart = close + 1;
                i = close;
            }
        }

        parts.Add((template[literalStart..], null));
        return parts;
    }

    private static string Fill(TemplateHole hole, object argument) => argument switch
    {
        byte[] => TemplateHole.Text(argument),
        null or IList or IDictionary => hole.Token,
        _ when hole.Format is not null => hole.ApplyFormat(argument),
        _ => TemplateHole.Text(argument),
    };

    private int Position(int index) => byNumber ? int.Parse(holes[index].Name, CultureInfo.InvariantCulture) : index;

    private bool HasNumbersFromZero()
    {
        var numbers = new HashSet<int>();
        foreach (var hole in holes)
        {
            if (!int.TryParse(hole.Name, CultureInfo.InvariantCulture, out var number) || number < 0)
            {
                return false;
            }

            numbers.Add(number);
        }

        return numbers.Count > 0 && numbers.Max() == numbers.Count - 1;
    }
}
