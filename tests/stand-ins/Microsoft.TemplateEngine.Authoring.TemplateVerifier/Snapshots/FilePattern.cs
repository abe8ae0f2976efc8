using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Snapshots;

/// <summary>
/// A glob of the template engine: <c>**/</c> any folders, <c>**</c> anything, <c>*</c> anything but a slash, <c>[ab]</c>
/// one of these, a leading <c>!</c> the opposite. Without a slash it is held against the file's name alone. A star at the
/// very end stands for one character at least.
/// </summary>
internal sealed class FilePattern
{
    private readonly bool negated;
    private readonly bool nameOnly;
    private readonly Regex regex;

    public FilePattern(string glob)
    {
        negated = glob.StartsWith('!');
        var pattern = negated ? glob[1..] : glob;
        nameOnly = !pattern.Contains('/') && !pattern.Contains("**");
        regex = new Regex(Translate(pattern), RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    public bool Matches(string relativePath)
    {
        var path = relativePath.Replace('\\', '/');
        return negated ^ regex.IsMatch(nameOnly ? path[(path.LastIndexOf('/') + 1)..] : path);
    }

    private static string Translate(string pattern)
    {
        var expression = new StringBuilder("^");
        for (var i = 0; i < pattern.Length;)
        {
            var rest = pattern[i..];
            if (rest.StartsWith("**/"))
            {
                expression.Append("(?:[^/]*/)*");
                i += 3;
            }
            else if (rest.StartsWith("**"))
            {
                expression.Append(rest.Length == 2 ? ".+" : ".*");
                i += 2;
            }
            else if (rest[0] == '*')
            {
                expression.Append(rest.Length == 1 ? "[^/]+" : "[^/]*");
                i++;
            }
            else if (rest[0] == '[' && rest.IndexOf(']') is > 1 and var close)
            {
                expression.Append('[').Append(string.Concat(rest[1..close].Select(c => $"\\u{(int)c:x4}"))).Append(']');
                i += close + 1;
            }
            else
            {
                expression.Append(Regex.Escape(rest[..1]));
                i++;
            }
        }

        return expression.Append('$').ToString();
    }
}
