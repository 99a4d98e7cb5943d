namespace Mefapex.Web.Resources;

/// <summary>Names the resource files with everything the pages say.</summary>
internal sealed class Texts;
