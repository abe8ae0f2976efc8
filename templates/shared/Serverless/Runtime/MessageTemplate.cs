using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Serverless.Runtime;

/// <summary>
/// A message with holes: <c>{Name}</c>, <c>{Name:format}</c> or <c>{@Name}</c>. Holes take the arguments one after the other, whatever their
/// names; where the names are the numbers from 0 on, they take them by number. A doubled brace is no hole, and stays doubled.
/// </summary>
internal sealed class MessageTemplate
{
    // Templates are constants in the code; a text that was put together is not kept without end.
    private const int MaxParsed = 1024;

    private static readonly ConcurrentDictionary<string, MessageTemplate> Parsed = new();

    // The text before each hole, and behind the last one.
    private readonly List<string> texts;
    private readonly List<Hole> holes;
    private readonly bool isByNumber;

    private MessageTemplate(List<string> texts, List<Hole> holes)
    {
        (this.texts, this.holes) = (texts, holes);
        if (holes.Count == 0)
            return;
        var numbers = holes.Select(hole => int.TryParse(hole.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).Distinct().ToList();
        isByNumber = numbers.Min() == 0 && numbers.Max() == numbers.Count - 1;
    }

    /// <summary>Finds the holes. Without arguments there is nothing to look for: the text is the message.</summary>
    public static MessageTemplate Parse(string template, object?[] arguments)
    {
        if (arguments.Length == 0)
            return new MessageTemplate([template], []);
        if (Parsed.TryGetValue(template, out var known))
            return known;
        var parsed = Split(template);
        if (Parsed.Count < MaxParsed)
            Parsed.TryAdd(template, parsed);
        return parsed;
    }

    /// <summary>The holes that there is an argument for, each with it.</summary>
    public IEnumerable<(Hole Hole, object? Argument)> Match(object?[] arguments) =>
        holes.Select((hole, i) => (hole, Position(i))).Where(match => match.Item2 < arguments.Length).Select(match => (match.hole, arguments[match.Item2]));

    /// <summary>The message with its holes filled, but for those of null, a list or a dictionary.</summary>
    public string Fill(object?[] arguments)
    {
        var message = new StringBuilder(texts[0]);
        for (var i = 0; i < holes.Count; i++)
        {
            var argument = Position(i) < arguments.Length ? arguments[Position(i)] : null;
            message.Append(argument is null || (argument is IList or IDictionary && argument is not byte[]) ? holes[i].Token : holes[i].TextOf(argument)).Append(texts[i + 1]);
        }

        return message.ToString();
    }

    private static MessageTemplate Split(string template)
    {
        var (texts, holes, start) = (new List<string>(), new List<Hole>(), 0);
        for (var i = template.IndexOf('{', StringComparison.Ordinal); i >= 0; i = template.IndexOf('{', i + 1))
        {
            if (i + 1 < template.Length && template[i + 1] == '{')
            {
                i++;
                continue;
            }

            var close = template.IndexOf('}', i);
            if (close <= i + 1)
                continue;
            texts.Add(template[start..i]);
            holes.Add(new Hole(template[i..(close + 1)]));
            (start, i) = (close + 1, close);
        }

        texts.Add(template[start..]);
        return new MessageTemplate(texts, holes);
    }

    private int Position(int hole) => isByNumber ? int.Parse(holes[hole].Name, CultureInfo.InvariantCulture) : hole;

    /// <summary>A place for an argument.</summary>
    /// <param name="token">As written in the template, with its braces.</param>
    internal sealed class Hole(string token)
    {
        private readonly string[] parts = token[1..^1].TrimStart('@').Split(':', 2, StringSplitOptions.TrimEntries);

        public string Token => token;

        public string Name => parts[0];

        public string? Format => parts.Length > 1 && parts[1].Length > 0 ? parts[1] : null;

        /// <summary>The argument as text, in the hole's format if it has one.</summary>
        public string TextOf(object value)
        {
            try
            {
                return Format is null ? LogFormat.TextOf(value) : string.Format(CultureInfo.InvariantCulture, $"{{0:{Format}}}", value);
            }
            catch (FormatException)
            {
                return LogFormat.TextOf(value);
            }
        }
    }
}
