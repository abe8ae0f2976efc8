using System;
using System.Collections.Generic;
using System.Text;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>What to change in a template's text files before they are compared: in all, by extension, by path.</summary>
public class ScrubbersDefinition
{
    public static readonly ScrubbersDefinition Empty = new();

    private readonly Dictionary<string, Action<StringBuilder>> byExtension = [];
    private readonly List<ScrubFileByPath> byPath = [];
    private Action<StringBuilder>? general;

    public ScrubbersDefinition(Action<StringBuilder> scrubber, string? extension = null) => AddScrubber(scrubber, extension);

    private ScrubbersDefinition()
    {
    }

    public delegate void ScrubFileByPath(string relativeFilePath, StringBuilder content);

    /// <param name="scrubber">Changes a file's text.</param>
    /// <param name="extension">Without its dot; null for every file.</param>
    /// <exception cref="TemplateVerificationException">The extension begins with a dot.</exception>
    public ScrubbersDefinition AddScrubber(Action<StringBuilder> scrubber, string? extension = null)
    {
        if (ReferenceEquals(this, Empty))
        {
            return new ScrubbersDefinition().AddScrubber(scrubber, extension);
        }

        if (string.IsNullOrWhiteSpace(extension))
        {
            general += scrubber;
            return this;
        }

        var trimmed = extension.Trim();
        if (trimmed.StartsWith('.'))
        {
            throw new TemplateVerificationException(
                "File extension passed to scrubber should not start with dot.", TemplateVerificationErrorCode.InvalidOption);
        }

        byExtension[trimmed] = byExtension.GetValueOrDefault(trimmed) + scrubber;
        return this;
    }

    public ScrubbersDefinition AddScrubber(ScrubFileByPath fileScrubber)
    {
        if (ReferenceEquals(this, Empty))
        {
            return new ScrubbersDefinition().AddScrubber(fileScrubber);
        }

        byPath.Add(fileScrubber);
        return this;
    }

    internal void ScrubByPath(string relativePath, StringBuilder content)
    {
        foreach (var scrubber in byPath)
        {
            scrubber(relativePath, content);
        }
    }

    internal void ScrubGeneral(StringBuilder content) => general?.Invoke(content);

    internal void ScrubByExtension(string extension, StringBuilder content)
    {
        if (byExtension.TryGetValue(extension, out var scrubber))
        {
            scrubber(content);
        }
    }
}
