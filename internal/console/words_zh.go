package console

var inChinese = map[string]string{}
